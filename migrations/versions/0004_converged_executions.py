"""Whether the loops of a finished execution converged: an accepted failure to must not look like a solution

Revision: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: dropping the old one of two copies would, on SQLite, delete the rows that refer to it.
    op.add_column('executions', sa.Column('converged', sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column('executions', 'converged')
