# Answers to invitations, and the record of who came by the risk foretold.

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('handoffs', '0011_shipped_reasons_give_back'),
    ]

    operations = [
        migrations.AddField(
            model_name='meeting',
            name='answered_at',
            field=models.DateTimeField(blank=True, editable=False, help_text='When they said yes to this time.', null=True),
        ),
        # One more word to choose from: nothing of the column itself changes
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='handoffevent',
                    name='kind',
                    field=models.CharField(choices=[('created', 'started the draft'), ('gate_refused', 'tried to submit it'), ('submitted', 'submitted it'), ('assigned', 'was given it'), ('returned', 'returned it for information'), ('answered', 'answered and sent it back'), ('accepted', 'accepted it'), ('rejected', 'rejected it'), ('withdrawn', 'withdrew it'), ('reassigned', 'reassigned it'), ('prep_started', 'started to prepare'), ('prep_finished', 'finished preparing'), ('introduced', 'sent the introduction'), ('confirmation_sent', 'confirmed to the prospect that it arrived'), ('contacted', 'contacted the prospect'), ('meeting_booked', 'booked the meeting'), ('meeting_confirmed', 'confirmed the meeting'), ('meeting_answered', 'noted that they said yes to the meeting'), ('meeting_held', 'held the meeting'), ('meeting_missed', 'recorded a no-show'), ('meeting_cancelled', 'cancelled the meeting'), ('meeting_moved', 'rescheduled the meeting'), ('qualified', 'created the opportunity'), ('disqualified', 'disqualified it'), ('contested', 'contested the rejection'), ('ruled', 'ruled on it'), ('talked', 'talked the rejection over'), ('paused', 'paused its clocks'), ('resumed', 'resumed its clocks')], max_length=20),
                ),
            ],
        ),
        migrations.CreateModel(
            name='ShowRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('measured_at', models.DateTimeField()),
                ('bands', models.JSONField(default=dict)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='one_show_record')],
            },
        ),
    ]
