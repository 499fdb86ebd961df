with episodes as (

    select * from {{ ref('int_episodes') }}

),

merged_companies as (

    select
        tenant_id,
        alias_id,
        record_id

    from {{ ref('stg_hubspot__record_aliases') }}
    where object_type = 'companies'

),

-- What earlier builds were published with. A company that HubSpot has merged away brings its cards along.
published as (

    select
        aliases.tenant_id,
        aliases.alias_id,
        aliases.card_id,
        coalesce(merged_companies.record_id, aliases.company_id) as company_id,
        aliases.trigger_type,
        aliases.opened_on,
        aliases.last_signal_on,
        aliases.opened_mrr,
        aliases.opened_mrr_source,
        aliases.first_published_at

    from {{ ref('stg_app__card_aliases') }} as aliases
    left join merged_companies
        on
            aliases.tenant_id = merged_companies.tenant_id
            and aliases.company_id = merged_companies.alias_id
    where aliases.first_published_at <= {{ as_of_at() }}

),

events as (

    select
        published.tenant_id,
        published.card_id,
        events.status,
        events.actor,
        {{ side_of_event('events.event_type') }} as side,
        row_number() over (
            partition by published.tenant_id, published.card_id, {{ side_of_event('events.event_type') }}
            order by events.occurred_at desc, {{ byte_order('events.card_id') }} desc, events.seq desc
        ) as recency_rank

    from {{ ref('stg_app__card_events') }} as events
    inner join published
        on
            events.tenant_id = published.tenant_id
            and events.card_id = published.alias_id
    where events.occurred_at <= {{ as_of_at() }}

),

-- Cards that people have begun with, and whether they have completed them.
begun as (

    select
        tenant_id,
        card_id,
        coalesce(max(case when side = 'status' and recency_rank = 1 then status end), 'new') = 'completed' as is_done

    from events
    group by tenant_id, card_id
    having max(case when actor <> {{ machine() }} then 1 else 0 end) = 1

),

cards as (

    select
        tenant_id,
        card_id,
        company_id,
        trigger_type,
        min(opened_on) as opened_on,
        max(last_signal_on) as last_signal_on,
        min(first_published_at) as first_published_at

    from published
    group by tenant_id, card_id, company_id, trigger_type

),

in_hand as (

    select
        cards.*,
        begun.is_done is not null and not begun.is_done as is_in_hand,
        max(case when begun.is_done then cards.opened_on end) over (
            partition by cards.tenant_id, cards.company_id, cards.trigger_type
        ) as last_done_on

    from cards
    left join begun
        on
            cards.tenant_id = begun.tenant_id
            and cards.card_id = begun.card_id

),

-- Whatever comes up while people work on a card belongs to that card, until they have completed a later one.
spans as (

    select
        tenant_id,
        company_id,
        trigger_type,
        card_id,
        1 as kind_rank,
        opened_on as first_on,
        case
            when is_in_hand and coalesce(last_done_on < opened_on, true) then greatest(last_signal_on, {{ as_of_on() }})
            else last_signal_on
        end as last_on,
        last_signal_on,
        first_published_at

    from in_hand

    union all

    select
        tenant_id,
        company_id,
        trigger_type,
        card_id,
        2 as kind_rank,
        opened_on as first_on,
        last_signal_on as last_on,
        last_signal_on,
        cast(null as timestamp) as first_published_at

    from episodes

),

-- Spans that are no further apart than a signal may be off within one episode tell one story: the same card.
parted as (

    select
        *,
        case
            when
                first_on - max(last_on) over (
                    partition by tenant_id, company_id, trigger_type
                    order by first_on, kind_rank, {{ byte_order('card_id') }}
                    rows between unbounded preceding and 1 preceding
                ) <= {{ signal_days_to_reopen() }}
                then 0
            else 1
        end as is_story_start

    from spans

),

numbered as (

    select
        *,
        sum(is_story_start) over (
            partition by tenant_id, company_id, trigger_type
            order by first_on, kind_rank, {{ byte_order('card_id') }}
            rows between unbounded preceding and current row
        ) as story

    from parted

),

-- It goes by the id it was first published under; a new one by the id that follows from its first day.
stories as (

    select
        *,
        min(first_on) over (partition by tenant_id, company_id, trigger_type, story) as opened_on,
        max(last_signal_on) over (partition by tenant_id, company_id, trigger_type, story) as story_last_signal_on,
        row_number() over (
            partition by tenant_id, company_id, trigger_type, story
            order by kind_rank, first_published_at, first_on, {{ byte_order('card_id') }}
        ) as claim_rank

    from numbered

),

named as (

    select
        tenant_id,
        company_id,
        trigger_type,
        story,
        card_id,
        opened_on,
        story_last_signal_on as last_signal_on,
        case when kind_rank = 1 then first_published_at end as first_published_at

    from stories
    where claim_rank = 1

),

-- What the card was worth is what it was worth when that id was first published.
opened as (

    select
        tenant_id,
        alias_id,
        opened_mrr,
        opened_mrr_source

    from published
    where alias_id = card_id

),

ids as (

    select distinct
        stories.tenant_id,
        stories.company_id,
        stories.trigger_type,
        stories.story,
        coalesce(published.alias_id, stories.card_id) as alias_id

    from stories
    left join published
        on
            stories.kind_rank = 1
            and stories.tenant_id = published.tenant_id
            and stories.card_id = published.card_id

),

final as (

    select
        ids.tenant_id,
        ids.alias_id,
        named.card_id,
        named.company_id,
        named.trigger_type,
        named.opened_on,
        named.last_signal_on,
        opened.opened_mrr,
        opened.opened_mrr_source,
        named.first_published_at

    from ids
    inner join named
        on
            ids.tenant_id = named.tenant_id
            and ids.company_id = named.company_id
            and ids.trigger_type = named.trigger_type
            and ids.story = named.story
    left join opened
        on
            named.tenant_id = opened.tenant_id
            and named.card_id = opened.alias_id

)

select * from final
