import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('promotion', '0002_moderators_told'),
    ]

    operations = [
        migrations.CreateModel(
            name='Placement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(choices=[('front_top', 'Front page, top'), ('section_top', 'Section page, top'), ('beside', 'Beside articles')], max_length=20, unique=True, verbose_name='place')),
                ('capacity', models.PositiveSmallIntegerField(default=3, help_text='They take turns. At the top of sections: in each section.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='how many run at once')),
                ('per_author_cap', models.PositiveSmallIntegerField(default=2, help_text="Promotions of one author's articles that are asked for, scheduled or running here.", validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='how many of one author')),
                ('author_may_refuse_hours', models.PositiveSmallIntegerField(default=48, help_text='Where the sponsor is somebody else; before that nothing is approved unless the author agrees.', validators=[django.core.validators.MaxValueValidator(720)], verbose_name='hours for the author to refuse')),
                ('is_offered', models.BooleanField(default=True, verbose_name='offered')),
            ],
            options={
                'verbose_name': 'placement',
                'verbose_name_plural': 'placements',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Plan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('days', models.PositiveSmallIntegerField(default=7, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(90)], verbose_name='days')),
                ('price', models.PositiveIntegerField(default=0, help_text="In cents, or whatever the currency's smallest unit is: 1250 is 12.50 EUR, and 1250 JPY. 0: free.", validators=[django.core.validators.MaxValueValidator(999999900)], verbose_name='price in minor units')),
                ('currency', models.CharField(choices=[('AMD', 'AMD'), ('AUD', 'AUD'), ('BRL', 'BRL'), ('CAD', 'CAD'), ('CHF', 'CHF'), ('CNY', 'CNY'), ('CZK', 'CZK'), ('DKK', 'DKK'), ('EUR', 'EUR'), ('GBP', 'GBP'), ('GEL', 'GEL'), ('HKD', 'HKD'), ('HUF', 'HUF'), ('ILS', 'ILS'), ('INR', 'INR'), ('JPY', 'JPY'), ('KRW', 'KRW'), ('KZT', 'KZT'), ('MXN', 'MXN'), ('NOK', 'NOK'), ('NZD', 'NZD'), ('PLN', 'PLN'), ('RON', 'RON'), ('RUB', 'RUB'), ('SEK', 'SEK'), ('SGD', 'SGD'), ('TRY', 'TRY'), ('UAH', 'UAH'), ('USD', 'USD'), ('VND', 'VND'), ('ZAR', 'ZAR')], default='EUR', max_length=3, verbose_name='currency')),
                ('terms', models.TextField(blank=True, help_text='What the sponsor accepts.', max_length=4000, verbose_name='terms')),
                ('is_offered', models.BooleanField(default=True, verbose_name='offered')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
            ],
            options={
                'verbose_name': 'plan',
                'verbose_name_plural': 'plans',
                'ordering': ['position', 'pk'],
            },
        ),
        migrations.AddConstraint(
            model_name='placement',
            constraint=models.CheckConstraint(condition=models.Q(('code__in', ['front_top', 'section_top', 'beside'])), name='placement_code_known'),
        ),
        migrations.AddConstraint(
            model_name='placement',
            constraint=models.CheckConstraint(condition=models.Q(('capacity__gte', 1)), name='placement_has_capacity'),
        ),
        migrations.AddField(
            model_name='plan',
            name='placement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='plans', to='promotion.placement', verbose_name='placement'),
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.CheckConstraint(condition=models.Q(('days__gte', 1), ('days__lte', 90)), name='plan_days_in_bounds'),
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.CheckConstraint(condition=models.Q(('price__gte', 0), ('price__lte', 999999900)), name='plan_price_in_bounds'),
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.CheckConstraint(condition=django.db.models.lookups.Exact(django.db.models.functions.text.Length('currency'), 3), name='plan_currency_three_letters'),
        ),
    ]
