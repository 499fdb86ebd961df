-- A card that stays quiet after a false alarm was shown to nobody.
with cards as (

    select * from {{ ref('int_cards') }}
    where not is_quieted

),

states as (

    select * from {{ ref('int_card_states') }}

),

companies as (

    select * from {{ ref('int_company_facts') }}

),

tickets as (

    select * from {{ ref('int_tickets') }}

),

churned as (

    select * from {{ ref('int_churned_companies') }}

),

history as (

    select * from {{ ref('int_company_fact_history') }}

),

notified as (

    select
        cards.tenant_id,
        cards.card_id,
        min(scores.scored_on) as notified_on

    from cards
    inner join {{ ref('int_trigger_scores_daily') }} as scores
        on
            cards.tenant_id = scores.tenant_id
            and cards.company_id = scores.company_id
            and cards.trigger_type = scores.trigger_type
            and scores.scored_on between cards.opened_on and cards.last_signal_on
            and scores.is_notify
    group by cards.tenant_id, cards.card_id

),

final as (

    select
        cards.tenant_id,
        cards.card_id,
        cards.company_id,
        companies.owner_id,
        companies.owner_name,
        cards.trigger_type,
        cards.opened_severity,
        coalesce(tickets.prompt_version, 'none') as prompt_version,
        cards.rule_version,
        cards.opened_on,
        cards.closed_on,
        notified.notified_on,
        states.first_touched_at,
        states.completed_at,
        cast(states.completed_at as date) as completed_on,
        states.outcome,
        -- Duplicates, cards nobody could act on and those that ran out say nothing about the alert.
        coalesce(
            states.outcome in ('saved', 'at_risk_unresolved', 'churned', 'contraction', 'false_alarm', 'known_expected'), false
        ) as is_counted,
        coalesce(states.outcome in ('saved', 'at_risk_unresolved', 'churned', 'contraction'), false) as is_right,
        companies.currency,
        -- What was assumed, or is in another currency, is no amount to add up.
        {{ paid_when_opened('cards', 'history') }} as opened_mrr,
        case when states.outcome_mrr_source = 'mapped_property' then states.outcome_mrr end as outcome_mrr,
        case when churned.churned_on >= cards.opened_on then churned.churned_on end as churned_on

    from cards
    left join states
        on
            cards.tenant_id = states.tenant_id
            and cards.card_id = states.card_id
    left join notified
        on
            cards.tenant_id = notified.tenant_id
            and cards.card_id = notified.card_id
    left join companies
        on
            cards.tenant_id = companies.tenant_id
            and cards.company_id = companies.company_id
    left join tickets
        on
            cards.tenant_id = tickets.tenant_id
            and cards.ticket_id = tickets.ticket_id
    left join history
        on
            cards.tenant_id = history.tenant_id
            and cards.company_id = history.company_id
            and history.fact = 'mrr'
            and cards.opened_on between history.valid_from_on and history.valid_to_on
    left join churned
        on
            cards.tenant_id = churned.tenant_id
            and cards.company_id = churned.company_id
            and churned.source <> 'card_contraction'

)

select * from final
