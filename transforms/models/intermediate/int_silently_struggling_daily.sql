with params as (

    {{ params_by_day([
        't_on',
        't_notify',
        't_off',
        't_notify_top_quartile',
        'company_age_days',
        'lull_ratio',
        'crm_rules_min',
        'login_age_days',
        'onboarding_age_days',
        'onboarding_step_min',
        'usage_mrr_min',
        'usage_30d_min',
        'quiet_baseline_min',
        'quiet_probability_max',
        'unanswered_closed_min',
        'renewal_days',
    ], 'silently_struggling') }}

),

company_days as (

    select * from {{ ref('int_company_days') }}

),

tenant_days as (

    select * from {{ ref('int_tenant_days') }}

),

sources as (

    select * from {{ ref('int_silence_sources') }}

),

-- Silence is evidence only where a word would have been heard, for a company past its start, while its vendor's other customers
-- write as usual.
gated as (

    select
        company_days.*,
        params.t_on,
        params.t_notify,
        params.t_notify_top_quartile,
        params.crm_rules_min,
        params.login_age_days as login_age_max,
        params.onboarding_age_days as onboarding_age_min,
        params.onboarding_step_min,
        params.usage_mrr_min,
        params.usage_30d_min,
        params.quiet_baseline_min,
        params.quiet_probability_max,
        params.unanswered_closed_min,
        params.renewal_days as renewal_days_max,
        params.in_force,
        coalesce(company_days.known_mrr >= tenant_days.top_tenth_mrr, false) as is_mrr_top_tenth,
        coalesce(company_days.known_mrr >= tenant_days.top_quarter_mrr, false) as is_mrr_top_quarter,
        company_days.renewal_on - company_days.day_on as renewal_days,
        company_days.day_on - company_days.last_login_on as login_age_days,
        company_days.usage_30d is not null and company_days.known_mrr is not null as is_usage_known

    from company_days
    inner join params
        on
            company_days.tenant_id = params.tenant_id
            and company_days.day_on = params.day_on
    inner join tenant_days
        on
            company_days.tenant_id = tenant_days.tenant_id
            and company_days.day_on = tenant_days.day_on
    inner join sources
        on company_days.tenant_id = sources.tenant_id
    where
        company_days.company_age_days > params.company_age_days
        and tenant_days.ticket_count_30d >= params.lull_ratio * tenant_days.expected_count_30d
        and sources.trusted_until_at >= least(cast(company_days.day_on + 1 as timestamp), {{ as_of_at() }})

),

-- A fact that is null compares as null, and null fires nothing.
fired as (

    select
        *,
        exp(-(ticket_count_90d_before_30d + 0.5) / 90.0 * 30) as quiet_probability,
        case when login_age_days > login_age_max then 1 else 0 end as login_flag,
        case when company_age_days > onboarding_age_min and onboarding_step < onboarding_step_min then 1 else 0 end as onboarding_flag,
        case when known_mrr > usage_mrr_min and usage_30d < usage_30d_min then 1 else 0 end as usage_flag,
        coalesce(unanswered_count_90d >= unanswered_closed_min, false) as is_unanswered_enough

    from gated

),

-- How many of the CRM rules must hold before any counts is the tenant's choice: one (or), all (and).
parts as (

    select
        *,
        case when login_flag + onboarding_flag + usage_flag >= crm_rules_min then 2 * login_flag else 0 end as login_points,
        case when login_flag + onboarding_flag + usage_flag >= crm_rules_min then 2 * onboarding_flag else 0 end as onboarding_points,
        case when login_flag + onboarding_flag + usage_flag >= crm_rules_min then 2 * usage_flag else 0 end as usage_points,
        case
            when
                inbound_count_30d = 0
                and ticket_count_90d_before_30d >= quiet_baseline_min
                and quiet_probability <= quiet_probability_max
                then 1
            else 0
        end as quiet_points,
        case
            when inbound_count_30d = 0 and (negative_count_90d > 0 or open_count > 0 or is_unanswered_enough) then 1
            else 0
        end as pain_points

    from fired

),

scored as (

    select
        *,
        login_points + onboarding_points + usage_points + quiet_points + pain_points as total_points,
        (login_points + onboarding_points + usage_points) / 2 as rule_count,
        quiet_points + pain_points = 2 as is_quiet_after_pain

    from parts
    where login_points + onboarding_points + usage_points + quiet_points + pain_points > 0

),

judged as (

    select
        *,
        cast(total_points as double precision) as score,
        case
            when rule_count < 2 and not is_quiet_after_pain then 1
            when coalesce(renewal_days not between 0 and renewal_days_max, true) then 2
            when is_mrr_top_tenth then 4
            else 3
        end as severity_rank

    from scored

),

final as (

    select
        tenant_id,
        company_id,
        day_on as scored_on,
        score,
        severity_rank,
        score >= t_notify or (is_mrr_top_quarter and score >= t_notify_top_quartile) as is_notify,
        cast(null as text) as ticket_id,
        {{ json_object([
            ['scored_on', json_string('day_on')],
            ['score', json_number('score')],
            ['t_on', json_number('t_on')],
            ['t_notify', json_number('t_notify')],
            ['login_age', json_integer('login_points')],
            ['onboarding_stuck', json_integer('onboarding_points')],
            ['usage_low', json_integer('usage_points')],
            ['went_quiet', json_integer('quiet_points')],
            ['after_pain', json_integer('pain_points')],
            ['last_login_on', json_string('last_login_on')],
            ['onboarding_step', json_number('onboarding_step')],
            ['usage_30d', json_number('usage_30d')],
            ['mrr', json_number('known_mrr')],
            ['inbound_count_30d', json_integer('inbound_count_30d')],
            ['ticket_count_90d_before', json_integer('ticket_count_90d_before_30d')],
            ['quiet_probability', json_number('quiet_probability')],
            ['negative_count_90d', json_integer('negative_count_90d')],
            ['open_count', json_integer('open_count')],
            ['unanswered_count_90d', json_integer('unanswered_count_90d')],
            ['renewal_in_days', json_integer('renewal_days')],
            ['is_mrr_top_tenth', json_boolean('is_mrr_top_tenth')],
            ['is_mrr_top_quarter', json_boolean('is_mrr_top_quarter')],
            ['in_force', 'in_force'],
            ['unknown', json_names_where([
                ['last_login', 'last_login_on is null'],
                ['onboarding_step', 'onboarding_step is null'],
                ['usage_30d', 'not is_usage_known'],
                ['renewal', 'renewal_days is null'],
                ['closed_without_customer_answer', 'unanswered_count_90d is null'],
            ])],
        ]) }} as components,
        'On ' || cast(day_on as text) || ': '
        || {{ joined_where([
            ['login_points > 0', "'nobody has logged in for ' || " ~ counted('login_age_days', 'day')],
            [
                'onboarding_points > 0',
                "'onboarding is still at step ' || " ~ plain_number('onboarding_step') ~ " || ' after ' || " ~ counted('company_age_days', 'day'),
            ],
            [
                'usage_points > 0',
                "'usage of ' || " ~ plain_number('usage_30d') ~ " || ' in 30 days at an MRR of ' || " ~ plain_number('known_mrr', 2),
            ],
            [
                'quiet_points > 0',
                "'no word in 30 days after ' || " ~ counted('ticket_count_90d_before_30d', 'ticket') ~ " || ' in the 90 days before'",
            ],
            ['quiet_points = 0 and pain_points > 0', "'no word in 30 days'"],
            ['pain_points > 0 and negative_count_90d > 0', counted('negative_count_90d', 'unhappy ticket') ~ " || ' in 90 days'"],
            ['pain_points > 0 and open_count > 0', counted('open_count', 'ticket') ~ " || ' left open'"],
            [
                'pain_points > 0 and is_unanswered_enough',
                counted('unanswered_count_90d', 'ticket') ~ " || ' closed without an answer to our question'",
            ],
        ], '; ') }} || '.' as why

    from judged

)

select * from final
