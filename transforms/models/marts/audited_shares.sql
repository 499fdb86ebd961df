with pairs as (

    select * from {{ ref('int_audit_pairs') }}

),

drawn as (

    select
        tenant_id,
        month_on,
        stratum,
        max(stratum_ticket_count) as stratum_ticket_count

    from {{ ref('stg_app__audit_tickets') }}
    group by tenant_id, month_on, stratum

),

drawn_strata as (

    select
        tenant_id,
        month_on,
        count(*) as stratum_count

    from drawn
    group by tenant_id, month_on

),

sorted as (

    select
        *,
        cast(created_on - cast(extract(day from created_on) as integer) + 1 as date) as month_on

    from {{ ref('int_topic_tickets') }}
    where is_read and topic <> 'unread'

),

topic_tickets as (

    select sorted.*

    from sorted
    inner join drawn_strata
        on
            sorted.tenant_id = drawn_strata.tenant_id
            and sorted.month_on = drawn_strata.month_on

),

-- All that a share is of: tickets read for tone and topics, drawn or not, in months of which some were drawn.
whole as (

    select
        tenant_id,
        month_on,
        count(distinct ticket_id) as ticket_count,
        count(distinct case when is_negative then ticket_id end) as negative_count

    from topic_tickets
    group by tenant_id, month_on

),

by_topic as (

    select
        tenant_id,
        month_on,
        topic,
        count(*) as counted_count

    from topic_tickets
    group by tenant_id, month_on, topic

),

strata as (

    select
        tenant_id,
        month_on,
        measure,
        topic,
        stratum,
        count(*) as audited_count,
        sum(case when is_true and not is_counted then 1 else 0 end) as missed_count,
        sum(case when is_counted and not is_true then 1 else 0 end) as mistaken_count,
        sum(case when is_corrected then 1 else 0 end) as corrected_count

    from pairs
    group by tenant_id, month_on, measure, topic, stratum

),

-- What the drawn tickets of a stratum say of all of it. Half a ticket is added to each of the four ways reading and person can go (Agresti and Min 2005,
-- "Simple improved confidence intervals for comparing matched proportions"), or thirty tickets without a mistake would prove that there is none.
weighed as (

    select
        strata.*,
        cast(drawn.stratum_ticket_count as double precision) / whole.ticket_count as weight,
        cast(strata.missed_count - strata.mistaken_count as double precision) / strata.audited_count as mean_difference,
        (
            cast(strata.missed_count + strata.mistaken_count + 1 as double precision) / (strata.audited_count + 2)
            - power(cast(strata.missed_count - strata.mistaken_count as double precision) / (strata.audited_count + 2), 2)
        )
        / (strata.audited_count + 2)
        * greatest(0, 1 - cast(strata.audited_count as double precision) / drawn.stratum_ticket_count) as variance,
        strata.audited_count >= least(2, drawn.stratum_ticket_count) as is_estimable

    from strata
    inner join drawn
        on
            strata.tenant_id = drawn.tenant_id
            and strata.month_on = drawn.month_on
            and strata.stratum = drawn.stratum
    inner join whole
        on
            strata.tenant_id = whole.tenant_id
            and strata.month_on = whole.month_on

),

summed as (

    select
        tenant_id,
        month_on,
        measure,
        topic,
        count(*) as stratum_count,
        min(case when is_estimable then 1 else 0 end) = 1 as is_estimable,
        sum(audited_count) as audited_count,
        sum(missed_count) as missed_count,
        sum(mistaken_count) as mistaken_count,
        sum(corrected_count) as corrected_count,
        sum({{ exact('weight * mean_difference', 12) }}) as difference,
        sum({{ exact('weight * weight * variance', 12) }}) as variance

    from weighed
    group by tenant_id, month_on, measure, topic

),

compared as (

    select
        summed.*,
        whole.ticket_count,
        case
            when summed.measure = 'negative_share' then whole.negative_count
            else coalesce(by_topic.counted_count, 0)
        end as counted_count,
        -- Too few, or corrected since: no number is better than a wrong one.
        summed.audited_count >= {{ var('audit_least_tickets') }}
        and summed.is_estimable
        and summed.stratum_count = drawn_strata.stratum_count
        and summed.corrected_count = 0 as is_enough

    from summed
    inner join whole
        on
            summed.tenant_id = whole.tenant_id
            and summed.month_on = whole.month_on
    inner join drawn_strata
        on
            summed.tenant_id = drawn_strata.tenant_id
            and summed.month_on = drawn_strata.month_on
    left join by_topic
        on
            summed.tenant_id = by_topic.tenant_id
            and summed.month_on = by_topic.month_on
            and summed.topic = by_topic.topic

),

estimated as (

    select
        *,
        cast(counted_count as double precision) / ticket_count + cast(difference as double precision) as estimate,
        1.959964 * sqrt(cast(variance as double precision)) as margin

    from compared

),

final as (

    select
        tenant_id,
        month_on,
        measure,
        topic,
        cast(ticket_count as bigint) as ticket_count,
        cast(counted_count as bigint) as counted_count,
        {{ share('counted_count', 'ticket_count') }} as counted_share,
        cast(audited_count as bigint) as audited_count,
        cast(missed_count as bigint) as missed_count,
        cast(mistaken_count as bigint) as mistaken_count,
        cast(corrected_count as bigint) as corrected_count,
        case when is_enough then {{ rounded('least(1, greatest(0, estimate))') }} end as debiased_share,
        case when is_enough then {{ rounded('least(1, greatest(0, estimate - margin))') }} end as debiased_share_lower,
        case when is_enough then {{ rounded('least(1, greatest(0, estimate + margin))') }} end as debiased_share_upper

    from estimated
    -- A topic of which neither reading nor person ever spoke in that month says nothing.
    where measure = 'negative_share' or counted_count > 0 or missed_count > 0

)

select * from final
