-- A text of a closed case from which retention took fields, such as the applicant's address.
ALTER TABLE office.texts ADD COLUMN is_reduced boolean NOT NULL DEFAULT false;
