-- A status list names the few copies that are not valid any more; without this every copy of the list would be read for it.
CREATE INDEX copies_inactive ON copies (status_index) WHERE state <> 'active';
