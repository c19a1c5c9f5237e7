import django.db.models.deletion
from django.db import migrations, models


QUARTERS = ['quarter_1', 'quarter_2', 'quarter_3', 'quarter_4']


def counted_from_now_on(name):
    """Add a column that is null in the rows of the days before, and zero in new ones."""
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.AddField('dailystats', name, models.PositiveIntegerField(null=True))
        ],
        state_operations=[
            migrations.AddField('dailystats', name, models.PositiveIntegerField(default=0, null=True))
        ],
    )


class Migration(migrations.Migration):

    dependencies = [
        ('readership', '0001_initial'),
    ]

    operations = [
        *map(counted_from_now_on, QUARTERS),
        migrations.CreateModel(
            name='DailyReferrer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('site', models.CharField(max_length=100)),
                ('visits', models.PositiveIntegerField()),
                ('article', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='articles.article')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('article', 'day', 'site'), name='daily_referrer_once')],
            },
        ),
        migrations.CreateModel(
            name='PageExit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('visitor', models.UUIDField()),
                ('source', models.UUIDField()),
                ('kind', models.CharField(choices=[('counted', 'counted'), ('author', 'the author'), ('staff', 'staff'), ('bot', 'declared bot'), ('over_rate', 'too many from one address')], default='counted', max_length=10)),
                ('article', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='%(class)s_rows', to='articles.article')),
            ],
            options={
                'verbose_name': 'exit',
                'verbose_name_plural': 'exits',
                'abstract': False,
                'indexes': [models.Index(fields=['article', 'day', 'source'], name='pageexit_source')],
                'constraints': [models.UniqueConstraint(fields=('article', 'day', 'visitor'), name='pageexit_once_a_day')],
            },
        ),
        migrations.CreateModel(
            name='PendingExitCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('number', models.PositiveIntegerField()),
                ('metric', models.CharField(max_length=110)),
                ('article', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='articles.article')),
            ],
            options={
                'abstract': False,
                'constraints': [models.CheckConstraint(condition=models.Q(('number__gt', 0)), name='pendingexitcount_is_positive')],
            },
        ),
    ]
