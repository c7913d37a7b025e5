DROP TABLE invited_members;
DROP TABLE invites;
