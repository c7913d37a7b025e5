DROP TABLE member_roles;
