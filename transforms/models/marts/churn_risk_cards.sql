with cards as (

    select * from {{ ref('int_cards') }}
    where is_shown

),

companies as (

    select * from {{ ref('int_company_facts') }}

),

tickets as (

    select * from {{ ref('int_tickets') }}

),

contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}

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

-- The last thing a company is known to have said decides whether it looks content; unread is not content.
last_words as (

    select
        messages.tenant_id,
        tickets.company_id,
        messages.level,
        messages.resolution,
        row_number() over (
            partition by messages.tenant_id, tickets.company_id
            order by
                messages.sent_at desc,
                {{ id_order('messages.ticket_id', 'desc') }},
                {{ id_order('messages.message_id', 'desc') }}
        ) as recency_rank

    from {{ ref('int_customer_messages') }} as messages
    inner join tickets
        on
            messages.tenant_id = tickets.tenant_id
            and messages.ticket_id = tickets.ticket_id
    where tickets.company_id is not null

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
        companies.owner_id,
        companies.owner_name,
        coalesce(evidence.erased_count, 0) as erased_count,
        tickets.contact_id,
        coalesce(
            nullif(trim(coalesce(contacts.first_name, '') || ' ' || coalesce(contacts.last_name, '')), ''), contacts.email
        ) as contact_name,
        tickets.prompt_version,
        -- No outcome has been recorded yet, so the share of such cards that end in churn is the mean of its Beta prior.
        priors.prior_churned / (priors.prior_churned + priors.prior_kept) as churn_share,
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
    left join last_words
        on
            cards.tenant_id = last_words.tenant_id
            and cards.company_id = last_words.company_id
            and last_words.recency_rank = 1

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
        {{ rounded('comparable_mrr * churn_share * renewal_factor', 2) }} as priority,
        looks_resolved,
        owner_id,
        owner_name,
        rule_version,
        prompt_version,
        {{ with_zone(as_of_at()) }} as as_of_at

    from valued

)

select * from final
