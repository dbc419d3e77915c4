# The monthly calibration: rounds, the packages drawn and their blind scores.

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('handoffs', '0012_answers_and_record_of_meetings'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CalibrationRound',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField(unique=True)),
                ('opened_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rounds', to='handoffs.frameworkversion')),
            ],
            options={
                'ordering': ['-month'],
            },
        ),
        migrations.CreateModel(
            name='CalibrationCase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('handoff', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='handoffs.handoff')),
                ('round', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cases', to='handoffs.calibrationround')),
            ],
            options={
                'ordering': ['round', 'number'],
            },
        ),
        migrations.CreateModel(
            name='CalibrationScore',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('side', models.CharField(choices=[('sdr', 'SDR leader'), ('ae', 'AE leader')], max_length=3)),
                ('is_met', models.BooleanField(verbose_name='met')),
                ('scored_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='scores', to='handoffs.calibrationcase')),
                ('criterion', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='handoffs.criterion')),
                ('scorer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['case', 'criterion', 'pk'],
            },
        ),
        migrations.AddConstraint(
            model_name='calibrationcase',
            constraint=models.UniqueConstraint(fields=('round', 'number'), name='case_number_once'),
        ),
        migrations.AddConstraint(
            model_name='calibrationcase',
            constraint=models.UniqueConstraint(fields=('round', 'handoff'), name='case_drawn_once'),
        ),
        migrations.AddConstraint(
            model_name='calibrationscore',
            constraint=models.UniqueConstraint(fields=('case', 'criterion', 'scorer'), name='scored_once'),
        ),
    ]
