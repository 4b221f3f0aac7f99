"""Steered executions: suspension, priorities, profiles and limits; workers, pauses, webhooks, safe repeats

Revision: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

_ACTIVE = "uq_executions_active_study"
_WAITING = ['state', 'worker_profile', 'group_id', 'priority', 'id']


def upgrade() -> None:
    _index_active("state IN ('QUEUED', 'RUNNING', 'STOPPING', 'SUSPENDED')")
    for column in _execution_columns():
        op.add_column('executions', column)
    op.execute(
        'UPDATE executions SET group_id = '
        '(SELECT group_id FROM study_cases WHERE study_cases.id = executions.study_case_id)'
    )
    op.create_index('ix_executions_waiting', 'executions', _WAITING)
    op.add_column('groups', sa.Column('max_running', sa.Integer(), nullable=True))
    op.add_column('groups', sa.Column('served_at', sa.DateTime(timezone=True), nullable=True))
    _create_workers()
    _create_webhooks()
    op.create_table(
        'idempotent_requests',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('caller', sa.String(length=200), nullable=False),
        sa.Column('key', sa.String(length=255), nullable=False),
        sa.Column('fingerprint', sa.String(length=64), nullable=False),
        sa.Column('execution_id', sa.Integer(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_idempotent_requests')),
        sa.UniqueConstraint('caller', 'key', name='uq_idempotent_requests_caller_key'),
    )
    op.create_index(op.f('ix_idempotent_requests_created_at'), 'idempotent_requests', ['created_at'])


def downgrade() -> None:
    for table in ('idempotent_requests', 'webhook_deliveries', 'webhooks', 'queue_pauses', 'workers'):
        op.drop_table(table)
    op.drop_column('groups', 'served_at')
    op.drop_column('groups', 'max_running')
    # What was before knows no suspension.
    op.execute("UPDATE executions SET state = 'STOPPED', ended_at = CURRENT_TIMESTAMP WHERE state = 'SUSPENDED'")
    op.drop_index('ix_executions_waiting', 'executions')
    for column in reversed(_execution_columns()):
        op.drop_column('executions', column.name)
    _index_active("state IN ('QUEUED', 'RUNNING', 'STOPPING')")


def _index_active(condition: str) -> None:
    op.drop_index(_ACTIVE, 'executions')
    where = sa.text(condition)
    op.create_index(
        _ACTIVE, 'executions', ['study_case_id'], unique=True, sqlite_where=where, postgresql_where=where
    )


def _execution_columns() -> list[sa.Column]:
    return [
        sa.Column('group_id', sa.Integer(), server_default='0', nullable=False),
        sa.Column('worker_profile', sa.String(length=64), server_default='standard', nullable=False),
        sa.Column('priority', sa.Integer(), server_default='50', nullable=False),
        sa.Column('deadline_seconds', sa.Double(), nullable=True),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('stopping_to', sa.String(length=16), nullable=True),
        sa.Column('stop_forced', sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column('origin_id', sa.Integer(), nullable=True),
        sa.Column('recompute', sa.JSON(none_as_null=True), nullable=True),
    ]


def _create_workers() -> None:
    op.create_table(
        'workers',
        sa.Column('name', sa.String(length=200), nullable=False),
        sa.Column('host', sa.String(length=200), nullable=False),
        sa.Column('pid', sa.Integer(), nullable=False),
        sa.Column('profiles', sa.JSON(), nullable=False),
        sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('heartbeat_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('execution_id', sa.Integer(), nullable=True),
        sa.Column('held', sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column('held_by', sa.String(length=200), nullable=True),
        sa.Column('executed', sa.Integer(), server_default='0', nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_workers')),
    )
    op.create_index(op.f('ix_workers_heartbeat_at'), 'workers', ['heartbeat_at'])
    op.create_table(
        'queue_pauses',
        sa.Column('worker_profile', sa.String(length=64), nullable=False),
        sa.Column('paused_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('paused_by', sa.String(length=200), nullable=False),
        sa.Column('reason', sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint('worker_profile', name=op.f('pk_queue_pauses')),
    )


def _create_webhooks() -> None:
    op.create_table(
        'webhooks',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('url', sa.String(length=2000), nullable=False),
        sa.Column('secret', sa.Text(), nullable=False),
        sa.Column('states', sa.JSON(), nullable=False),
        sa.Column('study_case_id', sa.Integer(), nullable=True),
        sa.Column('user_id', sa.Integer(), nullable=True),
        sa.Column('group_id', sa.Integer(), nullable=True),
        sa.Column('created_by', sa.String(length=200), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('is_active', sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column('disabled_reason', sa.Text(), nullable=True),
        sa.CheckConstraint('(user_id IS NULL) <> (group_id IS NULL)', name=op.f('ck_webhooks_one_owner')),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f'{table}.id'],
                name=op.f(f'fk_webhooks_{column}_{table}'),
                ondelete='CASCADE',
            )
            for column, table in (
                ('study_case_id', 'study_cases'),
                ('user_id', 'users'),
                ('group_id', 'groups'),
            )
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_webhooks')),
        sqlite_autoincrement=True,
    )
    for column in ('study_case_id', 'user_id', 'group_id'):
        op.create_index(op.f(f'ix_webhooks_{column}'), 'webhooks', [column])
    op.create_table(
        'webhook_deliveries',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('webhook_id', sa.Integer(), nullable=False),
        sa.Column('message_id', sa.String(length=64), nullable=False),
        sa.Column('event_type', sa.String(length=64), nullable=False),
        sa.Column('payload', sa.JSON(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('next_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
        sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('failed_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('last_status', sa.Integer(), nullable=True),
        sa.Column('last_error', sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ['webhook_id'],
            ['webhooks.id'],
            name=op.f('fk_webhook_deliveries_webhook_id_webhooks'),
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_deliveries')),
        sqlite_autoincrement=True,
    )
    op.create_index('ix_webhook_deliveries_due', 'webhook_deliveries', ['next_at', 'id'])
    op.create_index('ix_webhook_deliveries_webhook', 'webhook_deliveries', ['webhook_id', 'id'])
