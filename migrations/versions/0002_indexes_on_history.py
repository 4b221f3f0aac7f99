"""Indexes on the values that histories name: whoever deletes values looks there for each

Revision: 0002
Revises: 0001
"""

from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('parameter_changes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_parameter_changes_new_digest'), ['new_digest'], unique=False)
        batch_op.create_index(batch_op.f('ix_parameter_changes_old_digest'), ['old_digest'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('parameter_changes', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_parameter_changes_old_digest'))
        batch_op.drop_index(batch_op.f('ix_parameter_changes_new_digest'))
