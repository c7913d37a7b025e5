DROP TABLE message_addressees;
