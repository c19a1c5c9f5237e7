import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('articles', '0001_initial'),
        ('promotion', '0003_placements_and_plans'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='promotion',
            options={'ordering': ['-requested_at', '-pk'], 'permissions': [('decide_promotion', 'Can decide on promotions')], 'verbose_name': 'promotion', 'verbose_name_plural': 'promotions'},
        ),
        migrations.RemoveConstraint(
            model_name='promotion',
            name='promotion_one_open_request',
        ),
        migrations.AddField(
            model_name='promotion',
            name='approved_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='approved'),
        ),
        migrations.AddField(
            model_name='promotion',
            name='approved_revision',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='articles.revision', verbose_name='approved text'),
        ),
        migrations.AddField(
            model_name='promotion',
            name='author_agreed_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='author agreed'),
        ),
        migrations.AddField(
            model_name='promotion',
            name='author_may_refuse_until',
            field=models.DateTimeField(blank=True, null=True, verbose_name='author may refuse until'),
        ),
        migrations.AddField(
            model_name='promotion',
            name='closed_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='closed'),
        ),
        migrations.AddField(
            model_name='promotion',
            name='currency',
            field=models.CharField(blank=True, choices=[('AMD', 'AMD'), ('AUD', 'AUD'), ('BRL', 'BRL'), ('CAD', 'CAD'), ('CHF', 'CHF'), ('CNY', 'CNY'), ('CZK', 'CZK'), ('DKK', 'DKK'), ('EUR', 'EUR'), ('GBP', 'GBP'), ('GEL', 'GEL'), ('HKD', 'HKD'), ('HUF', 'HUF'), ('ILS', 'ILS'), ('INR', 'INR'), ('JPY', 'JPY'), ('KRW', 'KRW'), ('KZT', 'KZT'), ('MXN', 'MXN'), ('NOK', 'NOK'), ('NZD', 'NZD'), ('PLN', 'PLN'), ('RON', 'RON'), ('RUB', 'RUB'), ('SEK', 'SEK'), ('SGD', 'SGD'), ('TRY', 'TRY'), ('UAH', 'UAH'), ('USD', 'USD'), ('VND', 'VND'), ('ZAR', 'ZAR')], max_length=3, verbose_name='currency'),
        ),
        migrations.AddField(
            model_name='promotion',
            name='days',
            field=models.PositiveSmallIntegerField(default=7, verbose_name='days'),
        ),
        migrations.AddField(
            model_name='promotion',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by'),
        ),
        migrations.AddField(
            model_name='promotion',
            name='ends_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='until'),
        ),
        migrations.AddField(
            model_name='promotion',
            name='form_key',
            field=models.UUIDField(default=None, null=True, editable=False),
        ),
        migrations.AddField(
            model_name='promotion',
            name='kind',
            field=models.CharField(choices=[('paid', 'paid'), ('free', 'free'), ('editorial', 'editors’ choice')], default='free', max_length=10, verbose_name='kind'),
        ),
        migrations.AddField(
            model_name='promotion',
            name='paid_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='paid'),
        ),
        migrations.AddField(
            model_name='promotion',
            name='price',
            field=models.PositiveIntegerField(default=0, verbose_name='price in minor units'),
        ),
        migrations.AddField(
            model_name='promotion',
            name='section',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='articles.section', verbose_name='section'),
        ),
        migrations.AddField(
            model_name='promotion',
            name='starts_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='from'),
        ),
        migrations.AddField(
            model_name='promotion',
            name='terms',
            field=models.TextField(blank=True, editable=False, verbose_name='terms'),
        ),
        migrations.AddField(
            model_name='promotion',
            name='wanted_start',
            field=models.DateField(blank=True, null=True, verbose_name='wanted start'),
        ),
        migrations.AlterField(
            model_name='promotion',
            name='requested_at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='requested'),
        ),
        migrations.AlterField(
            model_name='promotion',
            name='state',
            field=models.CharField(choices=[('requested', 'Requested'), ('awaiting_payment', 'Awaiting payment'), ('paid', 'Paid'), ('approved', 'Approved'), ('ended', 'Ended'), ('declined', 'Declined'), ('cancelled', 'Cancelled'), ('revoked', 'Revoked')], default='requested', max_length=20, verbose_name='state'),
        ),
        migrations.AddField(
            model_name='promotion',
            name='placement',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='promotions', to='promotion.placement', verbose_name='placement'),
        ),
        migrations.AddField(
            model_name='promotion',
            name='plan',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='promotions', to='promotion.plan', verbose_name='plan'),
        ),
    ]
