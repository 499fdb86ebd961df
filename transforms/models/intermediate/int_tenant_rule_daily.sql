with params as (

    {{ params_by_day(['t_on', 't_notify', 't_off'], 'tenant_rule') }}

),

rules as (

    select * from {{ ref('int_tenant_rules') }}

),

literals as (

    select * from {{ ref('stg_app__trigger_rule_literals') }}

),

steps as (

    select * from {{ ref('int_company_fact_steps') }}

),

topics as (

    select * from {{ ref('stg_app__topics') }}

),

stale_days as (

    select * from {{ ref('int_stale_days') }}

),

-- When rules held, from the first stale day of a company on.
spans as (

    select
        spans.tenant_id,
        spans.company_id,
        spans.rule_id,
        spans.version,
        spans.clause_index,
        greatest(spans.from_on, {{ stale_from_on() }}) as from_on,
        spans.until_on

    from {{ ref('int_tenant_rule_spans') }} as spans
    left join stale_days
        on
            spans.tenant_id = stale_days.tenant_id
            and spans.company_id = stale_days.company_id
    where spans.until_on >= {{ stale_from_on() }}

),

clause_days as (

    select
        tenant_id,
        company_id,
        rule_id,
        version,
        clause_index,
        {{ each_day('from_on', 'until_on') }} as scored_on

    from spans

),

-- A rule fires once a day; where several of its alternatives hold, the first one is told.
rule_firing as (

    select
        tenant_id,
        company_id,
        rule_id,
        version,
        scored_on,
        min(clause_index) as clause_index

    from clause_days
    group by tenant_id, company_id, rule_id, version, scored_on

),

firing as (

    select
        *,
        count(*) over (partition by tenant_id, company_id, scored_on) as rule_count

    from rule_firing

),

-- Every fact a rule asks for, once, and where in which alternative it is met first.
measures as (

    select
        literals.tenant_id,
        literals.rule_id,
        literals.version,
        literals.measure,
        literals.fact,
        literals.within_days,
        coalesce(topics.current_topic, literals.topic) as topic,
        min(literals.clause_index * 1000 + literals.literal_index) as measure_rank

    from literals
    left join topics
        on
            literals.tenant_id = topics.tenant_id
            and literals.topic = topics.topic
    group by
        literals.tenant_id,
        literals.rule_id,
        literals.version,
        literals.measure,
        literals.fact,
        literals.within_days,
        coalesce(topics.current_topic, literals.topic)

),

told as (

    select
        tenant_id,
        rule_id,
        version,
        clause_index,
        measure,
        min(literal_index) as literal_index

    from literals
    group by tenant_id, rule_id, version, clause_index, measure

),

valued as (

    select
        firing.tenant_id,
        firing.company_id,
        firing.rule_id,
        firing.version,
        firing.scored_on,
        firing.rule_count,
        measures.measure,
        measures.fact,
        measures.within_days,
        measures.topic,
        measures.measure_rank,
        told.literal_index,
        steps.measure is not null as is_known,
        steps.number_value + steps.slope * (firing.scored_on - steps.from_on) as number_value,
        steps.text_value

    from firing
    inner join measures
        on
            firing.tenant_id = measures.tenant_id
            and firing.rule_id = measures.rule_id
            and firing.version = measures.version
    left join told
        on
            firing.tenant_id = told.tenant_id
            and firing.rule_id = told.rule_id
            and firing.version = told.version
            and firing.clause_index = told.clause_index
            and measures.measure = told.measure
    left join steps
        on
            firing.tenant_id = steps.tenant_id
            and firing.company_id = steps.company_id
            and measures.measure = steps.measure
            and firing.scored_on between steps.from_on and steps.until_on

),

rule_days as (

    select
        tenant_id,
        company_id,
        rule_id,
        version,
        scored_on,
        rule_count,
        string_agg(
            {{ fact_in_words('fact', 'number_value', 'text_value', 'within_days', 'topic') }}, '; ' order by literal_index
        ) filter (where literal_index is not null) as sentence,
        string_agg(
            {{ json_string('measure') }} || ':'
            || case when text_value is null then {{ json_number('number_value') }} else {{ json_string('text_value') }} end,
            ',' order by measure_rank
        ) filter (where is_known) as known_facts,
        string_agg({{ json_string('measure') }}, ',' order by measure_rank) filter (where not is_known) as unknown_facts

    from valued
    group by tenant_id, company_id, rule_id, version, scored_on, rule_count

),

named as (

    select
        rule_days.*,
        rules.severity_rank,
        rules.is_notify,
        'Rule "' || rules.rule_name || '" on ' || cast(rule_days.scored_on as text) || ': ' || rule_days.sentence || '.' as why,
        {{ json_string('rule_days.rule_id') }} || ':' || {{ json_object([
            ['name', json_string('rules.rule_name')],
            ['version', json_integer('rules.version')],
            ['severity', json_string('rules.severity')],
            ['facts', "'{' || rule_days.known_facts || '}'"],
            ['unknown', "'[' || coalesce(rule_days.unknown_facts, '') || ']'"],
        ]) }} as components

    from rule_days
    inner join rules
        on
            rule_days.tenant_id = rules.tenant_id
            and rule_days.rule_id = rules.rule_id
            and rule_days.version = rules.version

),

-- Days with one rule are by far the most, and nothing of them has to be put in order.
company_days as (

    select tenant_id, company_id, scored_on, rule_count, severity_rank, is_notify, why, components
    from named
    where rule_count = 1

    union all

    select
        tenant_id,
        company_id,
        scored_on,
        rule_count,
        max(severity_rank),
        max(case when is_notify then 1 else 0 end) = 1,
        string_agg(why, ' ' order by severity_rank desc, {{ byte_order('rule_id') }}),
        string_agg(components, ',' order by severity_rank desc, {{ byte_order('rule_id') }})

    from named
    where rule_count > 1
    group by tenant_id, company_id, scored_on, rule_count

),

final as (

    select
        company_days.tenant_id,
        company_days.company_id,
        company_days.scored_on,
        cast(company_days.rule_count as double precision) as score,
        company_days.severity_rank,
        company_days.is_notify and company_days.rule_count >= params.t_notify as is_notify,
        cast(null as text) as ticket_id,
        {{ json_object([
            ['scored_on', json_string('company_days.scored_on')],
            ['score', json_integer('company_days.rule_count')],
            ['t_on', json_number('params.t_on')],
            ['t_notify', json_number('params.t_notify')],
            ['rules', "'{' || company_days.components || '}'"],
            ['in_force', 'params.in_force'],
        ]) }} as components,
        company_days.why

    from company_days
    inner join params
        on
            company_days.tenant_id = params.tenant_id
            and company_days.scored_on = params.day_on

)

select * from final
