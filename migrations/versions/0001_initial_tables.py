"""Initial tables

Revision: 0001
Revises: 
"""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('groups',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=128), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_groups')),
    sa.UniqueConstraint('name', name=op.f('uq_groups_name')),
    sqlite_autoincrement=True
    )
    op.create_table('stored_values',
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('codec', sa.String(length=16), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('payload', sa.LargeBinary(), nullable=True),
    sa.Column('summary', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_stored_values'))
    )
    op.create_table('users',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('username', sa.String(length=128), nullable=False),
    sa.Column('password_hash', sa.String(length=256), nullable=True),
    sa.Column('is_admin', sa.Boolean(), nullable=False),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_users')),
    sa.UniqueConstraint('username', name=op.f('uq_users_username')),
    sqlite_autoincrement=True
    )
    op.create_table('api_keys',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=128), nullable=False),
    sa.Column('start', sa.String(length=16), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('group_id', sa.Integer(), nullable=True),
    sa.Column('read_only', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('(user_id IS NULL) <> (group_id IS NULL)', name=op.f('ck_api_keys_one_owner')),
    sa.ForeignKeyConstraint(['group_id'], ['groups.id'], name=op.f('fk_api_keys_group_id_groups'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_api_keys_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_keys')),
    sa.UniqueConstraint('digest', name=op.f('uq_api_keys_digest')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('api_keys', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_api_keys_group_id'), ['group_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_api_keys_user_id'), ['user_id'], unique=False)

    op.create_table('group_members',
    sa.Column('group_id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['group_id'], ['groups.id'], name=op.f('fk_group_members_group_id_groups'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_group_members_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('group_id', 'user_id', name=op.f('pk_group_members'))
    )
    with op.batch_alter_table('group_members', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_group_members_user_id'), ['user_id'], unique=False)

    op.create_table('study_cases',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('process_name', sa.String(length=200), nullable=False),
    sa.Column('reference_name', sa.String(length=200), nullable=True),
    sa.Column('group_id', sa.Integer(), nullable=False),
    sa.Column('copied_from_id', sa.Integer(), nullable=True),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('created_by', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['copied_from_id'], ['study_cases.id'], name=op.f('fk_study_cases_copied_from_id_study_cases'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['group_id'], ['groups.id'], name=op.f('fk_study_cases_group_id_groups')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_study_cases')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('study_cases', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_study_cases_group_id'), ['group_id'], unique=False)

    op.create_table('executions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('study_case_id', sa.Integer(), nullable=False),
    sa.Column('study_revision', sa.Integer(), nullable=False),
    sa.Column('process_name', sa.String(length=200), nullable=False),
    sa.Column('state', sa.Enum('QUEUED', 'RUNNING', 'STOPPING', 'FINISHED', 'FAILED', 'STOPPED', name='executionstate', native_enum=False, length=16), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('token', sa.String(length=32), nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('worker_name', sa.String(length=200), nullable=True),
    sa.Column('requested_by', sa.String(length=200), nullable=False),
    sa.Column('requested_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('enqueued_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('progress', sa.Double(), nullable=False),
    sa.Column('disciplines', sa.JSON(), nullable=False),
    sa.Column('error_message', sa.Text(), nullable=True),
    sa.Column('traceback', sa.Text(), nullable=True),
    sa.Column('usage', sa.JSON(), nullable=True),
    sa.ForeignKeyConstraint(['study_case_id'], ['study_cases.id'], name=op.f('fk_executions_study_case_id_study_cases'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_executions')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('executions', schema=None) as batch_op:
        batch_op.create_index('ix_executions_state', ['state', 'id'], unique=False)
        batch_op.create_index('ix_executions_study_id', ['study_case_id', 'id'], unique=False)
        batch_op.create_index('uq_executions_active_study', ['study_case_id'], unique=True, sqlite_where=sa.text("state IN ('QUEUED', 'RUNNING', 'STOPPING')"), postgresql_where=sa.text("state IN ('QUEUED', 'RUNNING', 'STOPPING')"))

    op.create_table('parameter_changes',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('study_case_id', sa.Integer(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=512), nullable=False),
    sa.Column('old_digest', sa.String(length=64), nullable=True),
    sa.Column('new_digest', sa.String(length=64), nullable=True),
    sa.Column('actor', sa.String(length=200), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['new_digest'], ['stored_values.digest'], name=op.f('fk_parameter_changes_new_digest_stored_values')),
    sa.ForeignKeyConstraint(['old_digest'], ['stored_values.digest'], name=op.f('fk_parameter_changes_old_digest_stored_values')),
    sa.ForeignKeyConstraint(['study_case_id'], ['study_cases.id'], name=op.f('fk_parameter_changes_study_case_id_study_cases'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_parameter_changes'))
    )
    with op.batch_alter_table('parameter_changes', schema=None) as batch_op:
        batch_op.create_index('ix_parameter_changes_study_revision', ['study_case_id', 'revision'], unique=False)

    op.create_table('study_case_rights',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('study_case_id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('group_id', sa.Integer(), nullable=True),
    sa.Column('role', sa.String(length=32), nullable=False),
    sa.CheckConstraint('(user_id IS NULL) <> (group_id IS NULL)', name=op.f('ck_study_case_rights_one_holder')),
    sa.ForeignKeyConstraint(['group_id'], ['groups.id'], name=op.f('fk_study_case_rights_group_id_groups'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['study_case_id'], ['study_cases.id'], name=op.f('fk_study_case_rights_study_case_id_study_cases'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_study_case_rights_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_study_case_rights')),
    sa.UniqueConstraint('study_case_id', 'group_id', name='uq_study_case_rights_group'),
    sa.UniqueConstraint('study_case_id', 'user_id', name='uq_study_case_rights_user')
    )
    with op.batch_alter_table('study_case_rights', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_study_case_rights_group_id'), ['group_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_study_case_rights_user_id'), ['user_id'], unique=False)

    op.create_table('study_parameters',
    sa.Column('study_case_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=512), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['digest'], ['stored_values.digest'], name=op.f('fk_study_parameters_digest_stored_values')),
    sa.ForeignKeyConstraint(['study_case_id'], ['study_cases.id'], name=op.f('fk_study_parameters_study_case_id_study_cases'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('study_case_id', 'name', name=op.f('pk_study_parameters'))
    )
    with op.batch_alter_table('study_parameters', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_study_parameters_digest'), ['digest'], unique=False)

    op.create_table('execution_logs',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('execution_id', sa.Integer(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('level', sa.String(length=8), nullable=False),
    sa.Column('discipline', sa.String(length=512), nullable=True),
    sa.Column('message', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['execution_id'], ['executions.id'], name=op.f('fk_execution_logs_execution_id_executions'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_execution_logs'))
    )
    with op.batch_alter_table('execution_logs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_execution_logs_execution_id'), ['execution_id'], unique=False)

    op.create_table('execution_transitions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('execution_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('from_state', sa.String(length=16), nullable=True),
    sa.Column('to_state', sa.String(length=16), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('actor', sa.String(length=200), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['execution_id'], ['executions.id'], name=op.f('fk_execution_transitions_execution_id_executions'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_execution_transitions'))
    )
    with op.batch_alter_table('execution_transitions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_execution_transitions_execution_id'), ['execution_id'], unique=False)

    op.create_table('execution_values',
    sa.Column('execution_id', sa.Integer(), nullable=False),
    sa.Column('io', sa.String(length=3), nullable=False),
    sa.Column('name', sa.String(length=512), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['digest'], ['stored_values.digest'], name=op.f('fk_execution_values_digest_stored_values')),
    sa.ForeignKeyConstraint(['execution_id'], ['executions.id'], name=op.f('fk_execution_values_execution_id_executions'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('execution_id', 'io', 'name', name=op.f('pk_execution_values'))
    )
    with op.batch_alter_table('execution_values', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_execution_values_digest'), ['digest'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('execution_values', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_execution_values_digest'))

    op.drop_table('execution_values')
    with op.batch_alter_table('execution_transitions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_execution_transitions_execution_id'))

    op.drop_table('execution_transitions')
    with op.batch_alter_table('execution_logs', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_execution_logs_execution_id'))

    op.drop_table('execution_logs')
    with op.batch_alter_table('study_parameters', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_study_parameters_digest'))

    op.drop_table('study_parameters')
    with op.batch_alter_table('study_case_rights', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_study_case_rights_user_id'))
        batch_op.drop_index(batch_op.f('ix_study_case_rights_group_id'))

    op.drop_table('study_case_rights')
    with op.batch_alter_table('parameter_changes', schema=None) as batch_op:
        batch_op.drop_index('ix_parameter_changes_study_revision')

    op.drop_table('parameter_changes')
    with op.batch_alter_table('executions', schema=None) as batch_op:
        batch_op.drop_index('uq_executions_active_study', sqlite_where=sa.text("state IN ('QUEUED', 'RUNNING', 'STOPPING')"), postgresql_where=sa.text("state IN ('QUEUED', 'RUNNING', 'STOPPING')"))
        batch_op.drop_index('ix_executions_study_id')
        batch_op.drop_index('ix_executions_state')

    op.drop_table('executions')
    with op.batch_alter_table('study_cases', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_study_cases_group_id'))

    op.drop_table('study_cases')
    with op.batch_alter_table('group_members', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_group_members_user_id'))

    op.drop_table('group_members')
    with op.batch_alter_table('api_keys', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_api_keys_user_id'))
        batch_op.drop_index(batch_op.f('ix_api_keys_group_id'))

    op.drop_table('api_keys')
    op.drop_table('users')
    op.drop_table('stored_values')
    op.drop_table('groups')
