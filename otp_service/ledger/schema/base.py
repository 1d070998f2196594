"""What every table is made with, and the values that the ledger keeps of itself."""

from sqlalchemy import JSON, Column, MetaData, Table, Text

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)
Json = JSON(none_as_null=True)

# version: grows with every change of a truth; audit_head: "<seq>:<hash>"; index_key: sealed; restored_at: ms;
# event_seq: of the newest event; event_fanout: of the newest that webhooks were given.
meta = Table("meta", METADATA, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))
