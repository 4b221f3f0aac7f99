"""How many attempts of an execution lost their worker: orderly restarts of workers count for nothing

Revision: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: dropping the old one of two copies would, on SQLite, delete the rows that refer to it.
    op.add_column('executions', sa.Column('losses', sa.Integer(), server_default='0', nullable=False))


def downgrade() -> None:
    op.drop_column('executions', 'losses')
