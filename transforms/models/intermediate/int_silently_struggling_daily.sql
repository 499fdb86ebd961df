with params as (

    select
        tenant_id,
        max(case when param_name = 't_on' then param_value end) as t_on,
        max(case when param_name = 't_notify' then param_value end) as t_notify,
        max(case when param_name = 't_notify_top_quartile' then param_value end) as t_notify_top_quartile,
        max(case when param_name = 'company_age_days' then param_value end) as company_age_min,
        max(case when param_name = 'lull_ratio' then param_value end) as lull_ratio,
        max(case when param_name = 'login_age_days' then param_value end) as login_age_max,
        max(case when param_name = 'onboarding_age_days' then param_value end) as onboarding_age_min,
        max(case when param_name = 'onboarding_step_min' then param_value end) as onboarding_step_min,
        max(case when param_name = 'usage_mrr_min' then param_value end) as usage_mrr_min,
        max(case when param_name = 'usage_30d_min' then param_value end) as usage_30d_min,
        max(case when param_name = 'quiet_baseline_min' then param_value end) as quiet_baseline_min,
        max(case when param_name = 'quiet_probability_max' then param_value end) as quiet_probability_max,
        max(case when param_name = 'unanswered_closed_min' then param_value end) as unanswered_closed_min

    from {{ ref('int_trigger_params') }}
    where trigger_type = 'silently_struggling'
    group by tenant_id

),

company_days as (

    select * from {{ ref('int_company_days') }}

),

tenant_days as (

    select * from {{ ref('int_tenant_days') }}

),

companies as (

    select * from {{ ref('int_company_facts') }}

),

streams as (

    select * from {{ ref('int_streams') }}
    where stream = 'tickets'

),

-- Silence is evidence only where tickets would have been seen, for a company past its start, while its vendor's other customers
-- write as usual.
gated as (

    select
        company_days.*,
        companies.known_mrr,
        companies.usage_30d,
        companies.onboarding_step,
        companies.last_login_on,
        companies.is_mrr_top_tenth,
        companies.is_mrr_top_quarter,
        companies.renewal_on - company_days.day_on as renewal_days,
        company_days.day_on - companies.last_login_on as login_age_days,
        companies.usage_30d is not null
        and companies.known_mrr is not null
        and company_days.day_on >= companies.modified_on as is_usage_known

    from company_days
    inner join companies
        on
            company_days.tenant_id = companies.tenant_id
            and company_days.company_id = companies.company_id
    inner join params
        on company_days.tenant_id = params.tenant_id
    inner join tenant_days
        on
            company_days.tenant_id = tenant_days.tenant_id
            and company_days.day_on = tenant_days.day_on
    inner join streams
        on company_days.tenant_id = streams.tenant_id
    where
        company_days.company_age_days > params.company_age_min
        and tenant_days.ticket_count_30d >= params.lull_ratio * tenant_days.expected_count_30d
        and streams.trusted_until_at >= least(cast(company_days.day_on + 1 as timestamp), {{ as_of_at() }})

),

-- Facts are known as they stand today, so a rule counts only on days today's fact says something about. The last login was the last one
-- on every day since. A step not reached today had not been reached before. A usage figure holds since the record last changed.
-- A fact that is null compares as null, and null fires nothing.
parts as (

    select
        gated.*,
        params.t_on,
        params.t_notify,
        params.t_notify_top_quartile,
        exp(-(gated.ticket_count_90d_before_30d + 0.5) / 90.0 * 30) as quiet_probability,
        case when gated.login_age_days > params.login_age_max then 2 else 0 end as login_points,
        case
            when gated.company_age_days > params.onboarding_age_min and gated.onboarding_step < params.onboarding_step_min then 2
            else 0
        end as onboarding_points,
        case
            when
                gated.is_usage_known
                and gated.known_mrr > params.usage_mrr_min
                and gated.usage_30d < params.usage_30d_min
                then 2
            else 0
        end as usage_points,
        case
            when
                gated.inbound_count_30d = 0
                and gated.ticket_count_90d_before_30d >= params.quiet_baseline_min
                and exp(-(gated.ticket_count_90d_before_30d + 0.5) / 90.0 * 30) <= params.quiet_probability_max
                then 1
            else 0
        end as quiet_points,
        coalesce(gated.unanswered_count_90d >= params.unanswered_closed_min, false) as is_unanswered_enough,
        case
            when
                gated.inbound_count_30d = 0
                and (
                    gated.negative_count_90d > 0
                    or gated.open_count > 0
                    or coalesce(gated.unanswered_count_90d >= params.unanswered_closed_min, false)
                )
                then 1
            else 0
        end as pain_points

    from gated
    inner join params
        on gated.tenant_id = params.tenant_id

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
            when coalesce(renewal_days not between 0 and 90, true) then 2
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
            ['facts_as_of', json_string(as_of_on())],
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
