"""Results by address, so that what was computed for the same inputs is not computed again

Revision: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'computed_results',
        sa.Column('address', sa.String(length=64), nullable=False),
        sa.Column('label', sa.String(length=200), nullable=False),
        sa.Column('seconds', sa.Double(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('address', name=op.f('pk_computed_results')),
    )
    op.create_index('ix_computed_results_last_used_at', 'computed_results', ['last_used_at'])
    op.create_table(
        'computed_outputs',
        sa.Column('address', sa.String(length=64), nullable=False),
        sa.Column('place', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ['address'],
            ['computed_results.address'],
            name=op.f('fk_computed_outputs_address_computed_results'),
            ondelete='CASCADE',
        ),
        sa.ForeignKeyConstraint(
            ['digest'], ['stored_values.digest'], name=op.f('fk_computed_outputs_digest_stored_values')
        ),
        sa.PrimaryKeyConstraint('address', 'place', name=op.f('pk_computed_outputs')),
    )
    op.create_index(op.f('ix_computed_outputs_digest'), 'computed_outputs', ['digest'])


def downgrade() -> None:
    op.drop_table('computed_outputs')
    op.drop_table('computed_results')
