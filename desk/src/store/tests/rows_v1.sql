INSERT INTO sessions (id, nonce, expires_at, state)
VALUES (CAST('ssssssssssssssss' AS BLOB), CAST('nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn' AS BLOB), 1800000000, 'begun');
INSERT INTO instances (thumbprint, attested_at)
VALUES (CAST('iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii' AS BLOB), 1799999999);
INSERT INTO bindings (person, instance, bound_at)
VALUES (CAST('pppppppppppppppppppppppppppppppp' AS BLOB), CAST('iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii' AS BLOB), 1799999999);
INSERT INTO copies (cti, status_index, level, person, issued_at, first_hour, staple_hours, state)
VALUES (CAST('copy---1' AS BLOB), 67108863, 'adult', CAST('pppppppppppppppppppppppppppppppp' AS BLOB), 1799999999, 500000, 1440, 'active');
INSERT INTO audit (at, session, event, outcome) VALUES (1799999999, NULL, 'enrol', 'ok');
