-- The service's own database, made up. Its agent reads the view `shared` and nothing else: who works with a client stays here.
CREATE TABLE client (
  client_ref TEXT PRIMARY KEY,
  forename TEXT,
  middle_name TEXT,
  surname TEXT,
  known_as TEXT,
  dob TEXT,
  safe_phone TEXT,
  safe_hours TEXT,
  safe_to_leave_message TEXT,
  address_withheld TEXT,
  refuge_town TEXT,
  dash_score INTEGER,
  dash_level TEXT,
  dash_date TEXT,
  incidents_12_months INTEGER,
  repeat_case TEXT,
  opened TEXT,
  closed TEXT,
  key_worker TEXT
);
INSERT INTO client VALUES
  ('DA-1501', 'Maren', 'Isolde', 'Oakshott', 'Marin', '1992-06-14', '07700900123', '09:30-14:30', 'N', 'Y', 'Chesterfield', 15, 'high', '2026-11-21', 4, 'Y', '2026-11-21', NULL, 'worker 1'),
  ('DA-1477', 'Lena', NULL, 'Whitterick-Cobnar', NULL, '1987-02-27', '07700900872', NULL, 'N', 'N', NULL, 9, 'medium', '2026-06-10', 2, 'N', '2026-06-10', NULL, 'worker 2'),
  ('DA-1480', 'Opal', NULL, 'Quainton', NULL, '1986-01-15', '07700900861', NULL, 'N', 'N', NULL, 6, 'standard', '2026-06-21', 1, 'N', '2026-06-21', NULL, 'worker 3'),
  ('DA-1420', 'Ffion', NULL, 'Trevanick', NULL, '2001-07-07', '07700900107', NULL, 'N', 'Y', 'Chesterfield', 17, 'high', '2026-03-05', 6, 'Y', '2026-03-05', NULL, 'worker 1'),
  ('DA-1391', 'Zofia', NULL, 'Zelazowska', NULL, '1998-12-20', '07700900982', NULL, 'N', 'Y', NULL, 11, 'medium', '2026-01-30', 2, 'N', '2026-01-30', '2026-10-01', 'worker 2'),
  ('DA-1502', 'Petra', NULL, 'Hollingbery', NULL, '1974-08-25', '07700900748', NULL, 'N', 'Y', 'Matlock', 14, 'high', '2026-11-02', 3, 'N', '2026-11-02', NULL, 'worker 3'),
  ('DA-1503', 'Amina', NULL, 'Dovecote', NULL, '1999-09-29', '07700900999', NULL, 'N', 'N', NULL, 8, 'medium', '2026-11-08', 1, 'N', '2026-11-08', NULL, 'worker 1'),
  ('DA-1333', 'Ruth', NULL, 'Cranberrow', NULL, '1958-12-12', '07700900581', NULL, 'N', 'N', NULL, 5, 'standard', '2025-12-12', 1, 'N', '2025-12-12', '2026-04-30', 'worker 2');
CREATE VIEW shared AS SELECT client_ref, forename, middle_name, surname, known_as, dob, safe_phone, safe_hours,
  safe_to_leave_message, address_withheld, refuge_town, dash_score, dash_level, dash_date, incidents_12_months,
  repeat_case, opened, closed
  FROM client;
