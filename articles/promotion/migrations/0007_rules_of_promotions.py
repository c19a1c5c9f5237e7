import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('promotion', '0006_first_requests'),
    ]

    operations = [
        migrations.AlterField(
            model_name='promotion',
            name='placement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='promotions', to='promotion.placement', verbose_name='placement'),
        ),
        migrations.AlterField(
            model_name='promotion',
            name='form_key',
            field=models.UUIDField(default=uuid.uuid4, editable=False),
        ),
        migrations.AddIndex(
            model_name='promotion',
            index=models.Index(models.F('placement'), models.F('ends_at'), models.F('starts_at'), condition=models.Q(('state', 'approved')), name='promotion_approved'),
        ),
        migrations.AddIndex(
            model_name='promotion',
            index=models.Index(models.F('sponsor'), models.OrderBy(models.F('requested_at'), descending=True), models.OrderBy(models.F('id'), descending=True), name='promotion_of_sponsor'),
        ),
        migrations.AddIndex(
            model_name='promotion',
            index=models.Index(models.F('requested_at'), models.F('id'), condition=models.Q(('state__in', ['requested', 'paid'])), name='promotion_waiting'),
        ),
        migrations.AddIndex(
            model_name='promotion',
            index=models.Index(models.OrderBy(models.F('requested_at'), descending=True), models.OrderBy(models.F('id'), descending=True), name='promotion_newest'),
        ),
        migrations.AddConstraint(
            model_name='promotion',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['requested', 'awaiting_payment', 'paid', 'approved', 'ended', 'declined', 'cancelled', 'revoked'])), name='promotion_state_known'),
        ),
        migrations.AddConstraint(
            model_name='promotion',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['requested', 'awaiting_payment', 'paid', 'approved'])), fields=('article', 'placement'), name='promotion_one_open'),
        ),
        migrations.AddConstraint(
            model_name='promotion',
            constraint=models.UniqueConstraint(fields=('sponsor', 'form_key'), name='promotion_one_per_form'),
        ),
        migrations.AddConstraint(
            model_name='promotion',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='promotion_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='promotion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['approved', 'ended', 'revoked']), _negated=True), models.Q(('approved_revision__isnull', False), ('ends_at__isnull', False), ('starts_at__isnull', False)), _connector='OR'), name='promotion_approved_has_times'),
        ),
        migrations.AddConstraint(
            model_name='promotion',
            constraint=models.CheckConstraint(condition=models.Q(('price__gte', 0)), name='promotion_price_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='promotion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'paid'), ('price__gt', 0)), models.Q(('kind__in', ['free', 'editorial']), ('price', 0)), _connector='OR'), name='promotion_paid_has_price'),
        ),
        migrations.AddConstraint(
            model_name='promotion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('currency', ''), ('price', 0)), django.db.models.lookups.Exact(django.db.models.functions.text.Length('currency'), 3), _connector='OR'), name='promotion_currency_three_letters'),
        ),
        migrations.AddConstraint(
            model_name='promotion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['awaiting_payment', 'paid']), _negated=True), ('kind', 'paid'), _connector='OR'), name='promotion_money_is_paid'),
        ),
        migrations.RemoveField(
            model_name='promotion',
            name='mailed_at',
        ),
    ]
