import django.db.models.deletion
import phonenumber_field.modelfields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('promotion', '0004_promotion_of_a_plan'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveBigIntegerField(unique=True, verbose_name='number')),
                ('event', models.CharField(choices=[('requested', 'Requested'), ('payment_asked', 'Payment asked for'), ('paid', 'Paid'), ('agreed', 'Author agreed'), ('refused', 'Author refused'), ('approved', 'Approved'), ('pinned', 'Pinned by the editors'), ('declined', 'Declined'), ('cancelled', 'Cancelled by the sponsor'), ('revoked', 'Revoked'), ('ended', 'Ended'), ('moved', 'Start moved'), ('looked_after', 'Changed text looked at'), ('paid_late', 'Payment that came too late'), ('payment_refused', 'Payment refused: another amount'), ('refund_due', 'Refund due'), ('refunded', 'Refunded'), ('refund_failed', 'Refund failed'), ('correction', 'Correction')], max_length=20, verbose_name='what happened')),
                ('from_state', models.CharField(blank=True, choices=[('requested', 'Requested'), ('awaiting_payment', 'Awaiting payment'), ('paid', 'Paid'), ('approved', 'Approved'), ('ended', 'Ended'), ('declined', 'Declined'), ('cancelled', 'Cancelled'), ('revoked', 'Revoked')], max_length=20, verbose_name='from')),
                ('to_state', models.CharField(choices=[('requested', 'Requested'), ('awaiting_payment', 'Awaiting payment'), ('paid', 'Paid'), ('approved', 'Approved'), ('ended', 'Ended'), ('declined', 'Declined'), ('cancelled', 'Cancelled'), ('revoked', 'Revoked')], max_length=20, verbose_name='to')),
                ('actor_role', models.CharField(choices=[('sponsor', 'sponsor'), ('author', 'author'), ('moderator', 'moderator'), ('provider', 'payment provider'), ('system', 'the site')], max_length=10, verbose_name='as')),
                ('reason', models.TextField(blank=True, max_length=2000, verbose_name='reason')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('amount', models.BigIntegerField(default=0, verbose_name='amount')),
                ('currency', models.CharField(blank=True, max_length=3, verbose_name='currency')),
                ('details', models.JSONField(blank=True, default=dict, verbose_name='details')),
                ('previous_hash', models.CharField(blank=True, max_length=64, verbose_name='hash of the row before')),
                ('hash', models.CharField(max_length=64, verbose_name='hash')),
            ],
            options={
                'verbose_name': 'row of the ledger',
                'verbose_name_plural': 'ledger',
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='LedgerHead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveBigIntegerField(default=0)),
                ('hash', models.CharField(blank=True, max_length=64)),
            ],
            options={
                'verbose_name': 'head of the ledger',
                'verbose_name_plural': 'heads of the ledger',
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('letter', models.CharField(max_length=30)),
                ('mailed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'letter',
                'verbose_name_plural': 'letters',
            },
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('variant', models.CharField(max_length=255)),
                ('status', models.CharField(choices=[('waiting', 'Waiting for confirmation'), ('preauth', 'Pre-authorized'), ('confirmed', 'Confirmed'), ('rejected', 'Rejected'), ('refunded', 'Refunded'), ('error', 'Error'), ('input', 'Input'), ('cancelled', 'Cancelled')], default='waiting', max_length=10)),
                ('fraud_status', models.CharField(choices=[('unknown', 'Unknown'), ('accept', 'Passed'), ('reject', 'Rejected'), ('review', 'Review')], default='unknown', max_length=10, verbose_name='fraud check')),
                ('fraud_message', models.TextField(blank=True, default='')),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('modified', models.DateTimeField(auto_now=True)),
                ('transaction_id', models.CharField(blank=True, max_length=255)),
                ('currency', models.CharField(max_length=10)),
                ('total', models.DecimalField(decimal_places=2, default='0.0', max_digits=9)),
                ('delivery', models.DecimalField(decimal_places=2, default='0.0', max_digits=9)),
                ('tax', models.DecimalField(decimal_places=2, default='0.0', max_digits=9)),
                ('description', models.TextField(blank=True, default='')),
                ('billing_first_name', models.CharField(blank=True, max_length=256)),
                ('billing_last_name', models.CharField(blank=True, max_length=256)),
                ('billing_address_1', models.CharField(blank=True, max_length=256)),
                ('billing_address_2', models.CharField(blank=True, max_length=256)),
                ('billing_city', models.CharField(blank=True, max_length=256)),
                ('billing_postcode', models.CharField(blank=True, max_length=256)),
                ('billing_country_code', models.CharField(blank=True, max_length=2)),
                ('billing_country_area', models.CharField(blank=True, max_length=256)),
                ('billing_email', models.EmailField(blank=True, max_length=254)),
                ('billing_phone', phonenumber_field.modelfields.PhoneNumberField(blank=True, max_length=128, region=None)),
                ('customer_ip_address', models.GenericIPAddressField(blank=True, null=True)),
                ('extra_data', models.TextField(blank=True, default='')),
                ('message', models.TextField(blank=True, default='')),
                ('token', models.CharField(blank=True, default='', max_length=36)),
                ('captured_amount', models.DecimalField(decimal_places=2, default='0.0', max_digits=9)),
                ('amount', models.PositiveIntegerField(verbose_name='amount in minor units')),
                ('received_at', models.DateTimeField(blank=True, null=True, verbose_name='received')),
                ('refund_due', models.PositiveIntegerField(default=0, verbose_name='refund due in minor units')),
                ('refunded', models.PositiveIntegerField(default=0, verbose_name='refunded in minor units')),
            ],
            options={
                'verbose_name': 'payment',
                'verbose_name_plural': 'payments',
                'ordering': ['pk'],
            },
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='actor',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='promotion',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ledger', to='promotion.promotion', verbose_name='promotion'),
        ),
        migrations.AddConstraint(
            model_name='ledgerhead',
            constraint=models.CheckConstraint(condition=models.Q(('pk', 1)), name='ledger_head_single_row'),
        ),
        migrations.AddField(
            model_name='notice',
            name='entry',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='promotion.ledgerentry'),
        ),
        migrations.AddField(
            model_name='notice',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='payment',
            name='promotion',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='promotion.promotion', verbose_name='promotion'),
        ),
        migrations.AddIndex(
            model_name='ledgerentry',
            index=models.Index(fields=['promotion', 'number'], name='ledger_of_promotion'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(('actor_role__in', ['sponsor', 'author', 'moderator', 'provider', 'system'])), name='ledger_role_known'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='ledger_numbers_from_one'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('mailed_at', None)), fields=['id'], name='promotion_notice_owed'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.UniqueConstraint(fields=('entry', 'person', 'letter'), name='promotion_notice_once'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='payment_has_amount'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('refund_due__lte', models.F('amount'))), name='payment_refund_within_amount'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('refunded__lte', models.F('refund_due'))), name='payment_refunded_within_due'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(fields=('token',), name='payment_token_unique'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(condition=models.Q(('transaction_id', ''), _negated=True), fields=('variant', 'transaction_id'), name='payment_one_per_transaction'),
        ),
    ]
