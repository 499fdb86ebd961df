with tickets as (

    select * from {{ ref('int_tickets') }}
    where company_id is not null

),

days as (

    {{ days_between(spine_start_on(), as_of_on()) }}

),

lulls as (

    {{ params_by_day(['lull_ratio'], 'silently_struggling') }}

),

literals as (

    select * from {{ ref('stg_app__trigger_rule_literals') }}

),

-- Whatever the score of a company's day is made of, on the first day whose score may differ for it. What lasts stands where it begins; where it ends,
-- something else begins, or its end is told too.
told as (

    select
        tenant_id,
        company_id,
        {{ first_day() }} as day_on,
        {{ digest_of(["'company'", 'created_on']) }} as digest
    from {{ ref('int_company_facts') }}

    union all

    select tenant_id, company_id, created_on, {{ digest_of(["'ticket'", 'ticket_id', 'created_at']) }}
    from tickets

    union all

    select
        tenant_id,
        company_id,
        cast(last_message_received_at as date),
        {{ digest_of(["'last message'", 'ticket_id', 'cast(last_message_received_at as date)']) }}
    from tickets
    where last_message_received_at is not null

    union all

    select
        messages.tenant_id,
        tickets.company_id,
        messages.sent_on,
        {{ digest_of(["'message'", 'messages.ticket_id', 'messages.message_id', 'messages.direction', 'messages.sent_at']) }}
    from {{ ref('int_messages') }} as messages
    inner join tickets
        on
            messages.tenant_id = tickets.tenant_id
            and messages.ticket_id = tickets.ticket_id
    where messages.is_conversation

    union all

    select
        messages.tenant_id,
        tickets.company_id,
        messages.sent_on,
        {{ digest_of([
            "'reading'",
            'messages.ticket_id',
            'messages.message_id',
            'messages.sent_at',
            'messages.sentiment',
            'messages.level',
            'messages.churn_intent',
            'messages.points',
        ]) }}
    from {{ ref('int_customer_messages') }} as messages
    inner join tickets
        on
            messages.tenant_id = tickets.tenant_id
            and messages.ticket_id = tickets.ticket_id

    union all

    select tenant_id, company_id, created_on, {{ digest_of(["'topic'", 'ticket_id', 'topic']) }}
    from {{ ref('int_ticket_topics') }}
    where company_id is not null and topic <> 'none'

    union all

    select tenant_id, company_id, from_on, {{ digest_of(["'spell'", 'ticket_id', 'is_closed', 'created_on']) }}
    from {{ ref('int_ticket_spells') }}
    where company_id is not null

    union all

    select tenant_id, company_id, from_on, {{ digest_of(["'pain'", 'ticket_id', 'pain', 'from_on']) }}
    from {{ ref('int_pain_spells') }}

    union all

    select tenant_id, company_id, to_on, {{ digest_of(["'end of pain'", 'ticket_id', 'pain', 'to_on']) }}
    from {{ ref('int_pain_spells') }}

    union all

    select
        tenant_id,
        company_id,
        valid_from_on,
        {{ digest_of(["'facts'", 'valid_from_on', 'known_mrr', 'renewal_on', 'last_login_on', 'onboarding_step', 'usage_30d']) }}
    from {{ ref('int_company_fact_spans') }}

    union all

    select
        tenant_id,
        company_id,
        from_on,
        {{ digest_of(["'step'", 'measure', 'from_on', 'number_value', 'text_value', 'slope']) }}
    from {{ ref('int_company_fact_steps') }}

    union all

    -- As far as it was known at the end of the last day it may go on.
    select tenant_id, company_id, until_on + 1, {{ digest_of(["'end of step'", 'measure', 'until_on']) }}
    from {{ ref('int_company_fact_steps') }}
    where until_on < {{ as_of_on() }}

    union all

    -- From here on: what is so for every company of a tenant.
    select tenant_id, '', {{ first_day() }}, {{ digest_of(["'tenant'", 'has_threads']) }}
    from {{ ref('int_tenants') }}

    union all

    select tenant_id, '', valid_from_on, {{ digest_of(["'param'", 'trigger_type', 'param_name', 'param_value', 'rule_version', 'valid_from_on']) }}
    from {{ ref('int_trigger_params') }}

    union all

    select
        tenant_days.tenant_id,
        '',
        tenant_days.day_on,
        {{ digest_of([
            "'tenant day'",
            'tenant_days.day_on',
            'tenant_days.top_tenth_mrr',
            'tenant_days.top_quarter_mrr',
            'tenant_days.ticket_count_30d >= lulls.lull_ratio * tenant_days.expected_count_30d',
        ]) }}
    from {{ ref('int_tenant_days') }} as tenant_days
    inner join lulls
        on
            tenant_days.tenant_id = lulls.tenant_id
            and tenant_days.day_on = lulls.day_on

    union all

    -- Days whose silence can be judged.
    select sources.tenant_id, '', days.day_on, {{ digest_of(["'heard'", 'days.day_on']) }}
    from {{ ref('int_silence_sources') }} as sources
    inner join days
        on sources.trusted_until_at >= least(cast(days.day_on + 1 as timestamp), {{ as_of_at() }})

    union all

    select
        rules.tenant_id,
        '',
        rules.first_on,
        {{ digest_of(["'rule'", 'rules.rule_id', 'rules.version', 'rules.rule_name', 'rules.severity', 'rules.is_notify', 'rules.first_on']) }}
    from {{ ref('int_tenant_rules') }} as rules

    union all

    select
        rules.tenant_id,
        '',
        rules.first_on,
        {{ digest_of([
            "'literal'",
            'literals.rule_id',
            'literals.version',
            'literals.clause_index',
            'literals.literal_index',
            'literals.measure',
            'literals.fact',
            'literals.within_days',
            'literals.op',
            'literals.number_value',
            'literals.text_value',
            'coalesce(topics.current_topic, literals.topic)',
        ]) }}
    from {{ ref('int_tenant_rules') }} as rules
    inner join literals
        on
            rules.tenant_id = literals.tenant_id
            and rules.rule_id = literals.rule_id
            and rules.version = literals.version
    left join {{ ref('stg_app__topics') }} as topics
        on
            literals.tenant_id = topics.tenant_id
            and literals.topic = topics.topic

    union all

    select tenant_id, '', last_on + 1, {{ digest_of(["'end of rule'", 'rule_id', 'version', 'last_on']) }}
    from {{ ref('int_tenant_rules') }}
    where last_on < {{ as_of_on() }}

),

-- Days before the first that is scored are all told on that one, so that they are few. Sums, so that the order of rows says nothing.
found as (

    select
        tenant_id,
        company_id,
        cast(greatest(day_on, {{ spine_start_on() }}) as date) as day_on,
        sum(digest) as digest

    from told
    group by tenant_id, company_id, greatest(day_on, {{ spine_start_on() }})

),

{{ beside_the_build_before('found', ['tenant_id', 'company_id', 'day_on']) }}

select * from final
