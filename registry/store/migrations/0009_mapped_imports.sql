-- Imports whose file this node made of a table with other columns' names: its rows may state why the table's row could
-- not be read. No file that was sent in may.
ALTER TABLE intake.imports ADD COLUMN is_mapped boolean NOT NULL DEFAULT false;
