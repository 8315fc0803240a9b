"""The revisions, one file each; alembic puts them in order by what each says it follows."""
