with episodes as (

    select
        episodes.*,
        aliases.card_id as goes_by

    from {{ ref('int_episodes') }} as episodes
    inner join {{ ref('int_card_aliases') }} as aliases
        on
            episodes.tenant_id = aliases.tenant_id
            and episodes.card_id = aliases.alias_id

),

published as (

    select * from {{ ref('int_card_aliases') }}
    where alias_id = card_id

),

states as (

    select * from {{ ref('int_card_states') }}

),

companies as (

    select * from {{ ref('int_company_facts') }}

),

-- A card is as bad as its worst day, and shows that day: its numbers, its sentence, its ticket.
spans as (

    select * from {{ ref('int_card_spans') }}

),

words as (

    select * from {{ ref('int_card_words') }}

),

cards as (

    select
        tenant_id,
        goes_by as card_id,
        company_id,
        trigger_type,
        min(opened_on) as opened_on,
        max(last_signal_on) as last_signal_on,
        case when max(case when is_active then 1 else 0 end) = 0 then max(closed_on) end as closed_on,
        max(case when is_active then 1 else 0 end) = 1 as is_active

    from episodes
    group by tenant_id, goes_by, company_id, trigger_type

),

judged as (

    select
        cards.*,
        row_number() over (
            partition by cards.tenant_id, cards.company_id, cards.trigger_type
            order by cards.opened_on
        ) as episode,
        lag(cards.card_id) over (
            partition by cards.tenant_id, cards.company_id, cards.trigger_type
            order by cards.opened_on
        ) as previous_card_id,
        lead(cards.card_id) over (
            partition by cards.tenant_id, cards.company_id, cards.trigger_type
            order by cards.opened_on
        ) is null as is_last,
        spans.card_rank,
        spans.opened_rank,
        spans.is_notify,
        spans.score,
        spans.scored_on,
        words.components,
        words.why,
        spans.ticket_id,
        spans.rule_version

    from cards
    inner join spans
        on
            cards.tenant_id = spans.tenant_id
            and cards.card_id = spans.card_id
    inner join words
        on
            spans.tenant_id = words.tenant_id
            and spans.card_id = words.card_id
            and spans.scored_on = words.scored_on

),

false_alarms as (

    select
        judged.tenant_id,
        judged.card_id,
        judged.company_id,
        judged.trigger_type,
        judged.card_rank,
        cast(states.completed_at as date) as completed_on

    from judged
    inner join states
        on
            judged.tenant_id = states.tenant_id
            and judged.card_id = states.card_id
    where states.outcome = 'false_alarm'

),

-- What a person called a false alarm is not raised again at once, unless it is worse than what they looked at.
quieted as (

    select distinct
        judged.tenant_id,
        judged.card_id

    from judged
    inner join false_alarms
        on
            judged.tenant_id = false_alarms.tenant_id
            and judged.company_id = false_alarms.company_id
            and judged.trigger_type = false_alarms.trigger_type
            and judged.card_id <> false_alarms.card_id
            and judged.opened_on > false_alarms.completed_on
            and judged.last_signal_on <= false_alarms.completed_on + {{ false_alarm_days() }}
            and judged.card_rank <= false_alarms.card_rank

),

final as (

    select
        judged.tenant_id,
        judged.card_id,
        judged.company_id,
        judged.trigger_type,
        cast(judged.episode as bigint) as episode,
        judged.opened_on,
        judged.last_signal_on,
        judged.closed_on,
        judged.is_active,
        judged.previous_card_id,
        judged.is_last,
        {{ severity_of('judged.card_rank') }} as severity,
        {{ severity_of('judged.opened_rank') }} as opened_severity,
        judged.card_rank as severity_rank,
        case when published.first_published_at is null then companies.mrr else published.opened_mrr end as opened_mrr,
        case
            when published.first_published_at is null then coalesce(companies.mrr_source, 'unknown')
            else published.opened_mrr_source
        end as opened_mrr_source,
        coalesce(published.first_published_at, {{ as_of_at() }}) as known_since_at,
        judged.is_notify,
        judged.score,
        judged.scored_on,
        judged.components,
        judged.why,
        judged.ticket_id,
        judged.rule_version,
        quieted.card_id is not null as is_quieted,
        -- What people still have to do with a card keeps it on the board, however long ago its signal went out.
        quieted.card_id is null
        and (
            judged.is_active
            or judged.closed_on >= {{ history_start_on() }}
            or coalesce(states.status <> 'completed' or states.last_event_at >= {{ history_start_on() }}, false)
        ) as is_shown

    from judged
    left join published
        on
            judged.tenant_id = published.tenant_id
            and judged.card_id = published.card_id
    left join states
        on
            judged.tenant_id = states.tenant_id
            and judged.card_id = states.card_id
    left join companies
        on
            judged.tenant_id = companies.tenant_id
            and judged.company_id = companies.company_id
    left join quieted
        on
            judged.tenant_id = quieted.tenant_id
            and judged.card_id = quieted.card_id

)

select * from final
