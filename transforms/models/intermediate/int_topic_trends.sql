{{ seven_days_against_baseline(ref('int_topic_days'), ['tenant_id', 'topic', 'parent_topic', 'day_on']) }}
