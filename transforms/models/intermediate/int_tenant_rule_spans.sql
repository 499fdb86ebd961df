with rules as (

    select * from {{ ref('int_tenant_rules') }}

),

literals as (

    select * from {{ ref('stg_app__trigger_rule_literals') }}

),

steps as (

    select * from {{ ref('int_company_fact_steps') }}

),

clauses as (

    select
        tenant_id,
        rule_id,
        version,
        clause_index,
        count(*) as literal_count

    from literals
    group by tenant_id, rule_id, version, clause_index

),

-- Each comparison over each stretch in which its fact is known and does not change, or moves by one a day. In the latter case it meets
-- its threshold on one day, whichever way it moves.
compared as (

    select
        literals.tenant_id,
        steps.company_id,
        literals.rule_id,
        literals.version,
        literals.clause_index,
        greatest(steps.from_on, rules.first_on) as from_on,
        least(steps.until_on, rules.last_on) as until_on,
        steps.slope,
        -- Whether a fact that moves comes to satisfy the comparison on that day, or ceases to after it.
        (steps.slope = 1) = (literals.op = '>=') as is_rising,
        case
            when steps.slope <> 0
                then steps.from_on + cast(steps.slope * (literals.number_value - steps.number_value) as integer)
        end as met_on,
        case
            when literals.text_value is not null
                then case literals.op
                    when '=' then steps.text_value = literals.text_value
                    when '!=' then steps.text_value <> literals.text_value
                end
            else case literals.op
                when '<' then steps.number_value < literals.number_value
                when '<=' then steps.number_value <= literals.number_value
                when '>' then steps.number_value > literals.number_value
                when '>=' then steps.number_value >= literals.number_value
                when '=' then steps.number_value = literals.number_value
                when '!=' then steps.number_value <> literals.number_value
            end
        end as is_so

    from literals
    inner join rules
        on
            literals.tenant_id = rules.tenant_id
            and literals.rule_id = rules.rule_id
            and literals.version = rules.version
    inner join steps
        on
            literals.tenant_id = steps.tenant_id
            and literals.measure = steps.measure
            and steps.from_on <= rules.last_on
            and steps.until_on >= rules.first_on

),

-- When each comparison is true. An unknown fact has no stretch, so it is true of none.
satisfied as (

    select
        tenant_id,
        company_id,
        rule_id,
        version,
        clause_index,
        case when slope <> 0 and is_rising then greatest(from_on, met_on) else from_on end as from_on,
        case when slope <> 0 and not is_rising then least(until_on, met_on) else until_on end as until_on

    from compared
    where slope <> 0 or is_so

),

turns as (

    select tenant_id, company_id, rule_id, version, clause_index, from_on as turned_on, 1 as change
    from satisfied
    where from_on <= until_on

    union all

    select tenant_id, company_id, rule_id, version, clause_index, until_on + 1, -1
    from satisfied
    where from_on <= until_on

),

daily_turns as (

    select
        tenant_id,
        company_id,
        rule_id,
        version,
        clause_index,
        turned_on,
        sum(change) as change

    from turns
    group by tenant_id, company_id, rule_id, version, clause_index, turned_on

),

counted as (

    select
        tenant_id,
        company_id,
        rule_id,
        version,
        clause_index,
        turned_on as from_on,
        lead(turned_on) over turns_in_turn - 1 as until_on,
        sum(change) over turns_in_turn as satisfied_count

    from daily_turns
    window turns_in_turn as (partition by tenant_id, company_id, rule_id, version, clause_index order by turned_on)

),

final as (

    select
        counted.tenant_id,
        counted.company_id,
        counted.rule_id,
        counted.version,
        counted.clause_index,
        cast(counted.from_on as date) as from_on,
        cast(counted.until_on as date) as until_on

    from counted
    inner join clauses
        on
            counted.tenant_id = clauses.tenant_id
            and counted.rule_id = clauses.rule_id
            and counted.version = clauses.version
            and counted.clause_index = clauses.clause_index
    where counted.satisfied_count = clauses.literal_count

)

select * from final
