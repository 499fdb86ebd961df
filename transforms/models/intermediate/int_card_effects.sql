with cards as (

    select * from {{ ref('int_cards') }}
    where is_shown

),

states as (

    select * from {{ ref('int_card_states') }}

),

companies as (

    select * from {{ ref('int_company_facts') }}

),

tenants as (

    select * from {{ ref('int_tenants') }}

),

folded as (

    select
        cards.*,
        coalesce(states.last_seq, 0) as after_seq,
        coalesce(states.status, 'new') as status,
        states.status_at,
        cast(states.status_at as date) as status_on,
        states.assignee,
        states.first_touched_at,
        states.outcome,
        states.waiting_until_on,
        companies.mrr,
        coalesce(companies.mrr_source, 'unknown') as mrr_source,
        coalesce(companies.owner_id, tenants.default_owner_id) as owner_id,
        tenants.expire_after_days

    from cards
    inner join tenants
        on cards.tenant_id = tenants.tenant_id
    left join states
        on
            cards.tenant_id = states.tenant_id
            and cards.card_id = states.card_id
    left join companies
        on
            cards.tenant_id = companies.tenant_id
            and cards.company_id = companies.company_id

),

-- What the signal did since the card came to where it stands. The day itself counts as before: whoever moved the card saw it.
since as (

    select
        folded.tenant_id,
        folded.card_id,
        max(case when days.scored_on <= folded.status_on then days.judged_rank end) as rank_before,
        max(case when days.scored_on > folded.status_on then days.judged_rank end) as rank_since,
        min(case when days.scored_on > folded.status_on and days.is_coming_on then days.scored_on end) as back_on

    from folded
    inner join {{ ref('int_card_days') }} as days
        on
            folded.tenant_id = days.tenant_id
            and folded.card_id = days.card_id
    where folded.status in ('waiting', 'completed')
    group by folded.tenant_id, folded.card_id

),

replies as (

    select
        folded.tenant_id,
        folded.card_id,
        min(messages.sent_at) as replied_at

    from folded
    inner join {{ ref('int_tickets') }} as tickets
        on
            folded.tenant_id = tickets.tenant_id
            and folded.company_id = tickets.company_id
    inner join {{ ref('int_customer_messages') }} as messages
        on
            tickets.tenant_id = messages.tenant_id
            and tickets.ticket_id = messages.ticket_id
            and messages.sent_at > folded.status_at
    where folded.status = 'waiting'
    group by folded.tenant_id, folded.card_id

),

weighed as (

    select
        folded.*,
        since.rank_before,
        since.rank_since,
        since.back_on,
        replies.replied_at,
        coalesce(since.rank_since > since.rank_before, false) as is_worse,
        coalesce(
            since.back_on is not null
            and (
                folded.outcome is null
                or folded.outcome <> 'false_alarm'
                or folded.last_signal_on > folded.status_on + {{ false_alarm_days() }}
            ),
            false
        ) as is_back,
        folded.first_touched_at is null and folded.assignee is null as is_untouched

    from folded
    left join since
        on
            folded.tenant_id = since.tenant_id
            and folded.card_id = since.card_id
    left join replies
        on
            folded.tenant_id = replies.tenant_id
            and folded.card_id = replies.card_id

),

decided as (

    select
        *,
        case
            when status = 'waiting' and (is_worse or replied_at is not null or waiting_until_on <= {{ as_of_on() }}) then 'woken'
            when status = 'completed' and is_last and (is_worse or is_back) then 'reopened'
            when status = 'new' and is_untouched and not is_last then 'completed'
            when
                status = 'new'
                and is_untouched
                and severity_rank = 1
                and owner_id is null
                and opened_on + expire_after_days <= {{ as_of_on() }}
                then 'completed'
        end as event_type

    from weighed

),

final as (

    select
        tenant_id,
        card_id,
        cast(after_seq as bigint) as after_seq,
        event_type,
        case event_type when 'woken' then 'working' when 'reopened' then 'new' else 'completed' end as status,
        case when event_type = 'completed' then 'expired' end as outcome,
        case when event_type = 'completed' then mrr end as mrr,
        case when event_type = 'completed' then mrr_source end as mrr_source,
        case
            when event_type = 'completed' and not is_last
                then 'Nobody had begun with it when a newer card of this company and kind opened.'
            when event_type = 'completed'
                then 'Nobody owned it or looked at it for ' || {{ counted('expire_after_days', 'day') }} || '.'
            when is_worse
                then 'It got worse: ' || {{ severity_of('rank_since') }} || ', and was ' || {{ severity_of('rank_before') }} || '.'
            when event_type = 'reopened'
                then 'The signal had gone off and came back on ' || cast(back_on as text) || '.'
            when replied_at is not null
                then 'The customer wrote on ' || cast(cast(replied_at as date) as text) || '.'
            else 'The day it waited for has come: ' || cast(waiting_until_on as text) || '.'
        end as why

    from decided
    where event_type is not null

)

select * from final
