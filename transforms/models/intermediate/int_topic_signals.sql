with topic_days as (

    select * from {{ ref('int_topic_days') }}
    where topic <> 'unread'

),

topic_tickets as (

    select * from {{ ref('int_topic_tickets') }}

),

-- Everything a tenant's week could have shown is tested, the topics that stayed small too: their number is what the false-discovery rate is held
-- against. Spans are measured in the tenant's tickets, not in days, so that a week in which everybody writes lets no topic emerge.
measured as (

    select
        *,
        cast(sorted_count_7d as double precision) / baseline_sorted_count as volume_ratio

    from topic_days
    where
        ticket_count_7d + baseline_ticket_count > 0
        and baseline_sorted_count > 0
        and baseline_day_count >= {{ var('emerging_least_baseline_days') }}

),

scored as (

    select
        *,
        {{ rounded('baseline_ticket_count * volume_ratio') }} as expected_count,
        {{ rounded(poisson_z('ticket_count_7d', 'baseline_ticket_count', 'volume_ratio')) }} as z

    from measured

),

tested as (

    select
        *,
        {{ rounded(normal_upper_tail('z'), 12) }} as p_value

    from scored

),

ranked as (

    select
        *,
        row_number() over (partition by tenant_id, day_on order by p_value, {{ byte_order('topic') }}) as p_rank,
        count(*) over (partition by tenant_id, day_on) as test_count

    from tested

),

-- Benjamini and Hochberg 1995, "Controlling the false discovery rate", as adjusted values: a topic emerges with all that are less likely still.
adjusted as (

    select
        *,
        {{ rounded('least(1, min(p_value * test_count / p_rank) over (
            partition by tenant_id, day_on order by p_rank desc rows between unbounded preceding and current row
        ))', 12) }} as q_value

    from ranked

),

candidates as (

    select * from adjusted
    where
        ticket_count_7d >= {{ var('emerging_least_tickets') }}
        and p_value <= {{ var('emerging_holding_p') }}

),

-- One customer who writes ten times is a loud customer, not a topic; a ticket without a company stands for a customer of its own.
senders as (

    select
        candidates.tenant_id,
        candidates.topic,
        candidates.day_on,
        count(distinct coalesce(topic_tickets.company_id, 'ticket ' || topic_tickets.ticket_id)) as sender_count

    from candidates
    inner join topic_tickets
        on
            candidates.tenant_id = topic_tickets.tenant_id
            and candidates.topic = topic_tickets.topic
            and topic_tickets.created_on between candidates.day_on - 6 and candidates.day_on
    group by candidates.tenant_id, candidates.topic, candidates.day_on

),

final as (

    select
        candidates.tenant_id,
        candidates.topic,
        candidates.parent_topic,
        candidates.day_on,
        candidates.ticket_count_7d,
        candidates.expected_count,
        candidates.z,
        candidates.p_value,
        candidates.q_value,
        cast(senders.sender_count as bigint) as sender_count,
        candidates.q_value <= {{ var('emerging_fdr') }} and senders.sender_count >= {{ var('emerging_least_senders') }} as is_opening

    from candidates
    inner join senders
        on
            candidates.tenant_id = senders.tenant_id
            and candidates.topic = senders.topic
            and candidates.day_on = senders.day_on

)

select * from final
