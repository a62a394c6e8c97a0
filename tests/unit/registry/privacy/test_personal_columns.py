"""The table behind the record of processing: each rule is a setting that is enforced, each activity is known."""

import msgspec
import pytest

from registry.privacy.personal_columns import ACTIVITIES, FORMS, TABLES, describe_retention
from registry.privacy.processing_record import list_kept, make_record, write_markdown
from registry.privacy.retention import FIELD_RULES, RULES
from registry.settings.retention import KeptBasis, RetentionSetting

ENFORCED = {rule.name: rule.table for rule in RULES} | {"reads_days": "privacy.reads"}


def test_each_rule_of_a_table_is_a_setting_that_is_enforced_on_that_table():
    named = {entry.rule: table for table, entry in TABLES.items() if entry.rule is not None}
    assert named == ENFORCED
    of_fields = {rule: (table, column) for table, entry in TABLES.items() for column, rule in entry.field_rules.items()}
    assert of_fields == {rule.name: (rule.table, rule.column) for rule in FIELD_RULES}
    about_files = {"erased_bytes_days"}  # `registry.privacy.erased_bytes` enforces it on the files of the database
    assert {*named, *of_fields, *about_files} == set(RetentionSetting.model_fields)


def test_each_table_serves_a_known_activity_in_known_forms_and_says_how_long_it_stays():
    for table, entry in TABLES.items():
        assert entry.activity in ACTIVITIES, table
        assert entry.retention, table
        assert set(entry.columns.values()) <= set(FORMS), table


def test_the_record_has_purpose_basis_recipients_and_retention_of_each_column_with_personal_data():
    record = make_record("Twente", RetentionSetting(), KeptBasis())
    columns = {column.column for activity in record.activities for column in activity.columns}
    assert columns == {
        f"{table}.{column}"
        for table, entry in TABLES.items()
        for column, form in entry.columns.items()
        if form != "none"
    }
    for activity in record.activities:
        assert "Art." in activity.basis
        assert activity.purpose
        assert activity.recipients
    text = write_markdown(record)
    assert all(f"| `{column}` |" in text for column in columns)
    assert msgspec.json.decode(msgspec.json.encode(record))["controller"] == "Twente"


@pytest.mark.parametrize(
    ("days", "said"), [(30, "`held_rows_days`: 30 days"), (None, "`held_rows_days`: the rule is off")]
)
def test_a_rule_is_told_with_its_days_or_as_off(days, said):
    assert said in describe_retention(TABLES["vault.held_rows"], RetentionSetting(held_rows_days=days))


def test_what_an_erasure_leaves_has_the_universitys_own_legal_basis():
    kept = list_kept(KeptBasis(log="Section 12 of our law"))
    assert [each.basis for each in kept if each.field == "log"] == ["Section 12 of our law"]
    assert len(kept) == len(KeptBasis.model_fields)
