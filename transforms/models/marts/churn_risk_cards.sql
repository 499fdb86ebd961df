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

owners as (

    select * from {{ ref('stg_hubspot__owners') }}

),

tickets as (

    select * from {{ ref('int_tickets') }}

),

contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}

),

card_topics as (

    select * from {{ ref('int_card_topics') }}

),

priors as (

    select
        tenant_id,
        trigger_type,
        max(case when param_name = 'prior_churned' then param_value end) as prior_churned,
        max(case when param_name = 'prior_kept' then param_value end) as prior_kept

    from {{ ref('int_trigger_params') }}
    where {{ as_of_on() }} between valid_from_on and valid_to_on
    group by tenant_id, trigger_type

),

departed as (

    select * from {{ ref('int_churned_companies') }}
    where source <> 'card_contraction'

),

-- Cards of which people said what came of them. What nobody looked at, or was counted twice, says nothing about others like it.
fates as (

    select
        cards.tenant_id,
        cards.trigger_type,
        coalesce(states.severity_override, cards.severity) as severity,
        count(*) as fate_count,
        sum(
            case
                when
                    (
                        states.outcome in ('churned', 'contraction')
                        and cast(states.completed_at as date) <= cards.opened_on + {{ outcome_days() }}
                    )
                    or departed.churned_on between cards.opened_on and cards.opened_on + {{ outcome_days() }}
                    then 1
                else 0
            end
        ) as churned_count

    from {{ ref('int_cards') }} as cards
    inner join states
        on
            cards.tenant_id = states.tenant_id
            and cards.card_id = states.card_id
    left join departed
        on
            cards.tenant_id = departed.tenant_id
            and cards.company_id = departed.company_id
    where states.outcome not in ('expired', 'duplicate')
    group by cards.tenant_id, cards.trigger_type, coalesce(states.severity_override, cards.severity)

),

-- From when on somebody is waited for, and whether anybody has come since. A card that came back is waited for anew.
awaited as (

    select
        cards.tenant_id,
        cards.card_id,
        coalesce(states.severity_override, cards.severity) as severity,
        case
            when coalesce(states.status, 'new') = 'new' and states.last_touched_at is null
                then coalesce(states.status_at, cards.known_since_at)
            when states.status = 'new' and states.status_at > states.last_touched_at then states.status_at
        end as since_at

    from cards
    left join states
        on
            cards.tenant_id = states.tenant_id
            and cards.card_id = states.card_id

),

due as (

    select
        *,
        {{ touch_due('since_at', 'severity') }} as due_at

    from awaited
    where since_at is not null

),

-- The last thing a company is known to have said decides whether it looks content; unread is not content.
last_words as (

    select * from {{ ref('int_last_words') }}

),

evidence as (

    select
        tenant_id,
        card_id,
        sum(case when is_open then 1 else 0 end) as open_count,
        sum(case when is_erased then 1 else 0 end) as erased_count

    from {{ ref('int_card_tickets') }}
    group by tenant_id, card_id

),

valued as (

    select
        cards.*,
        companies.company_name,
        companies.mrr,
        companies.mrr_source,
        companies.comparable_mrr,
        companies.currency,
        coalesce(companies.owner_id, tenants.default_owner_id) as owner_id,
        case
            when companies.owner_id is not null then companies.owner_name
            else coalesce(nullif(trim(coalesce(owners.first_name, '') || ' ' || coalesce(owners.last_name, '')), ''), owners.email)
        end as owner_name,
        case
            when companies.owner_id is not null then 'company'
            when tenants.default_owner_id is not null then 'tenant_default'
        end as owner_source,
        due.due_at,
        coalesce(due.due_at < {{ as_of_at() }}, false) as is_overdue,
        departed.company_id is not null and coalesce(states.status, 'new') <> 'completed' as is_departed,
        last_words.sent_on as last_word_on,
        coalesce(evidence.erased_count, 0) as erased_count,
        tickets.contact_id,
        coalesce(
            nullif(trim(coalesce(contacts.first_name, '') || ' ' || coalesce(contacts.last_name, '')), ''), contacts.email
        ) as contact_name,
        tickets.prompt_version,
        coalesce(card_topics.topic, 'unread') as topic,
        -- The mean of a Beta distribution: what was known before any outcome, and the outcomes.
        (priors.prior_churned + coalesce(fates.churned_count, 0))
        / (priors.prior_churned + priors.prior_kept + coalesce(fates.fate_count, 0)) as churn_share,
        case
            when companies.renewal_on - {{ as_of_on() }} between 0 and 30 then 2
            when companies.renewal_on - {{ as_of_on() }} between 31 and 90 then 1.5
            else 1
        end as renewal_factor,
        not cards.is_active
        and coalesce(evidence.open_count, 0) = 0
        and coalesce(last_words.level >= 0 and last_words.resolution <> 'unsolved', false) as looks_resolved

    from cards
    inner join companies
        on
            cards.tenant_id = companies.tenant_id
            and cards.company_id = companies.company_id
    inner join priors
        on
            cards.tenant_id = priors.tenant_id
            and cards.trigger_type = priors.trigger_type
    inner join awaited
        on
            cards.tenant_id = awaited.tenant_id
            and cards.card_id = awaited.card_id
    inner join tenants
        on cards.tenant_id = tenants.tenant_id
    left join owners
        on
            tenants.tenant_id = owners.tenant_id
            and tenants.default_owner_id = owners.owner_id
    left join states
        on
            cards.tenant_id = states.tenant_id
            and cards.card_id = states.card_id
    left join fates
        on
            awaited.tenant_id = fates.tenant_id
            and cards.trigger_type = fates.trigger_type
            and awaited.severity = fates.severity
    left join due
        on
            cards.tenant_id = due.tenant_id
            and cards.card_id = due.card_id
    left join departed
        on
            cards.tenant_id = departed.tenant_id
            and cards.company_id = departed.company_id
    left join tickets
        on
            cards.tenant_id = tickets.tenant_id
            and cards.ticket_id = tickets.ticket_id
    left join contacts
        on
            tickets.tenant_id = contacts.tenant_id
            and tickets.contact_id = contacts.contact_id
    left join evidence
        on
            cards.tenant_id = evidence.tenant_id
            and cards.card_id = evidence.card_id
    left join card_topics
        on
            cards.tenant_id = card_topics.tenant_id
            and cards.card_id = card_topics.card_id
    left join last_words
        on
            cards.tenant_id = last_words.tenant_id
            and cards.company_id = last_words.company_id

),

final as (

    select
        tenant_id,
        card_id,
        company_id,
        company_name,
        contact_id,
        contact_name,
        ticket_id,
        trigger_type,
        severity,
        opened_severity,
        score,
        components,
        why || case when erased_count > 0 then ' Words erased on request.' else '' end as why,
        opened_on,
        last_signal_on,
        closed_on,
        is_active,
        is_notify,
        episode,
        previous_card_id,
        mrr,
        mrr_source,
        currency,
        opened_mrr,
        opened_mrr_source,
        {{ rounded('churn_share') }} as churn_share,
        {{ rounded('comparable_mrr * churn_share * renewal_factor * case when is_overdue then 1.5 else 1 end', 2) }} as priority,
        {{ with_zone('due_at') }} as touch_due_at,
        is_overdue as is_touch_overdue,
        looks_resolved,
        case
            when looks_resolved
                then
                    'The signal has been off since ' || cast(closed_on as text) || ', no ticket behind it is open, and the last word, of '
                    || cast(last_word_on as text) || ', was not a bad one.'
        end as looks_resolved_why,
        case when is_departed then 'churned' end as suggested_outcome,
        owner_id,
        owner_name,
        owner_source,
        rule_version,
        prompt_version,
        topic,
        {{ with_zone(as_of_at()) }} as as_of_at

    from valued

)

select * from final
