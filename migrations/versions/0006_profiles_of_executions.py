"""Where the time of an execution went, and what depends on a loop that did not converge

Revision: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: dropping the old one of two copies would, on SQLite, delete the rows that refer to it.
    op.add_column('executions', sa.Column('unconverged', sa.JSON(), nullable=True))
    op.add_column('executions', sa.Column('profile', sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column('executions', 'profile')
    op.drop_column('executions', 'unconverged')
