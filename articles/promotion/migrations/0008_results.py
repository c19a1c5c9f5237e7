
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('promotion', '0007_rules_of_promotions'),
    ]

    operations = [
        migrations.CreateModel(
            name='PromotionSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shows_exact_prices', models.BooleanField(default=True, help_text='Otherwise the ledger says between which round sums a price lies.', verbose_name='exact prices in the public ledger')),
            ],
            options={
                'verbose_name': 'settings of promotions',
                'verbose_name_plural': 'settings of promotions',
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='promotion_settings_single_row')],
            },
        ),
        migrations.CreateModel(
            name='PromotionDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='day')),
                ('impressions', models.PositiveIntegerField(default=0, verbose_name='impressions')),
                ('clicks', models.PositiveIntegerField(default=0, verbose_name='clicks')),
                ('views', models.PositiveIntegerField(default=0, verbose_name='views that came from it')),
                ('promotion', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='day_rows', to='promotion.promotion')),
            ],
            options={
                'verbose_name': 'day of a promotion',
                'verbose_name_plural': 'days of promotions',
                'constraints': [models.UniqueConstraint(fields=('promotion', 'day'), name='promotion_day_once')],
            },
        ),
        migrations.CreateModel(
            name='PromotionEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('what', models.CharField(choices=[('impression', 'impression'), ('click', 'click'), ('view', 'view')], max_length=10)),
                ('visitor', models.BinaryField(max_length=16)),
                ('source', models.BinaryField(max_length=16)),
                ('rolled_up', models.BooleanField(default=False)),
                ('promotion', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='promotion.promotion')),
            ],
            options={
                'verbose_name': 'event of a promotion',
                'verbose_name_plural': 'events of promotions',
                'indexes': [models.Index(condition=models.Q(('rolled_up', False)), fields=['id'], name='promotion_event_waiting'), models.Index(fields=['promotion', 'day', 'source'], name='promotion_event_source')],
                'constraints': [models.UniqueConstraint(fields=('promotion', 'day', 'what', 'visitor'), name='promotion_event_once_a_day'), models.CheckConstraint(condition=models.Q(('what__in', ['impression', 'click', 'view'])), name='promotion_event_what_known')],
            },
        ),
    ]
