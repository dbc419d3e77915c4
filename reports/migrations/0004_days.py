"""Meetings know whose they are; days are counted in advance."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('handoffs', '0005_asked_again_at'),
        ('reports', '0003_forget_facts'),
        ('team', '0002_names_and_constraints'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Day',
            fields=[
                ('day', models.DateField(primary_key=True, serialize=False)),
                ('version', models.PositiveBigIntegerField(default=1)),
                ('rolled', models.PositiveBigIntegerField(default=0, help_text='The version that its counts were taken from.')),
                ('counted_at', models.DateTimeField(null=True)),
                ('holds_until', models.DateTimeField(help_text='When time alone changes its counts; empty: never.', null=True)),
            ],
            options={
                'ordering': ['day'],
            },
        ),
        migrations.CreateModel(
            name='Tally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dimension', models.CharField(blank=True, max_length=20)),
                ('value', models.CharField(blank=True, max_length=20)),
                ('opportunity_counted', models.PositiveIntegerField(default=0)),
                ('opportunity_of', models.PositiveIntegerField(default=0)),
                ('show_counted', models.PositiveIntegerField(default=0)),
                ('show_of', models.PositiveIntegerField(default=0)),
                ('call_counted', models.PositiveIntegerField(default=0)),
                ('call_of', models.PositiveIntegerField(default=0)),
                ('rejection_counted', models.PositiveIntegerField(default=0)),
                ('rejection_of', models.PositiveIntegerField(default=0)),
                ('contact_counted', models.PositiveIntegerField(default=0)),
                ('contact_of', models.PositiveIntegerField(default=0)),
                ('opportunity_happened', models.PositiveIntegerField(default=0)),
                ('show_happened', models.PositiveIntegerField(default=0)),
                ('rejection_happened', models.PositiveIntegerField(default=0)),
                ('contact_happened', models.PositiveIntegerField(default=0)),
                ('apart', models.JSONField(default=dict)),
                ('accepted_business', models.BinaryField(default=bytes)),
                ('accepted_calendar', models.BinaryField(default=bytes)),
                ('accepted_left_business', models.BinaryField(default=bytes)),
                ('accepted_left_calendar', models.BinaryField(default=bytes)),
                ('accepted_promised', models.PositiveIntegerField(default=0)),
                ('accepted_in_time', models.PositiveIntegerField(default=0)),
                ('submitted_business', models.BinaryField(default=bytes)),
                ('submitted_calendar', models.BinaryField(default=bytes)),
                ('submitted_left_business', models.BinaryField(default=bytes)),
                ('submitted_left_calendar', models.BinaryField(default=bytes)),
                ('submitted_promised', models.PositiveIntegerField(default=0)),
                ('submitted_in_time', models.PositiveIntegerField(default=0)),
            ],
            options={
                'verbose_name_plural': 'tallies',
            },
        ),
        migrations.AddField(
            model_name='chain',
            name='ae',
            field=models.ForeignKey(help_text='Who accepted or rejected it; before that, who has it.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='chain',
            name='framework_version',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='handoffs.frameworkversion'),
        ),
        migrations.AddField(
            model_name='chain',
            name='is_duplicate',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='chain',
            name='lead_source',
            field=models.CharField(choices=[('inbound', 'Inbound demo request'), ('outbound', 'Outbound qualified interest'), ('meeting', 'SDR-booked meeting'), ('mql', 'Marketing-qualified lead')], default='', max_length=10),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='chain',
            name='sdr',
            field=models.ForeignKey(default=0, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='chain',
            name='territory',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='team.territory'),
        ),
        migrations.AlterField(
            model_name='fact',
            name='territory',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='team.territory'),
        ),
        migrations.AddIndex(
            model_name='chain',
            index=models.Index(fields=['qualified_at'], name='chain_by_opportunity'),
        ),
        migrations.AddIndex(
            model_name='fact',
            index=models.Index(fields=['contacted_at'], name='fact_by_contact'),
        ),
        migrations.AddIndex(
            model_name='fact',
            index=models.Index(condition=models.Q(('closed_at__isnull', True), ('contacted_at__isnull', True)), fields=['accepted_at'], name='fact_accepted_and_waiting'),
        ),
        migrations.AddIndex(
            model_name='fact',
            index=models.Index(condition=models.Q(('closed_at__isnull', True), ('contacted_at__isnull', True)), fields=['submitted_at'], name='fact_submitted_and_waiting'),
        ),
        migrations.AddField(
            model_name='tally',
            name='day',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tallies', to='reports.day'),
        ),
        migrations.AddIndex(
            model_name='tally',
            index=models.Index(fields=['dimension', 'value', 'day'], name='tally_of_value'),
        ),
        migrations.AddIndex(
            model_name='tally',
            index=models.Index(fields=['day'], name='tally_of_day'),
        ),
        migrations.AddConstraint(
            model_name='tally',
            constraint=models.UniqueConstraint(fields=('dimension', 'day', 'value'), name='tally_once'),
        ),
    ]
