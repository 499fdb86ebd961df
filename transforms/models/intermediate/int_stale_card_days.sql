{% if is_continued() -%}

with stale_days as (

    select * from {{ ref('int_stale_days') }}

),

-- Episodes that go by another card than before, are new, or are no more.
regrouped as (

    select
        tenant_id,
        company_id,
        min(opened_on) as opened_on

    from {{ ref('int_card_inputs') }}
    where {{ is_changed() }}
    group by tenant_id, company_id

),

final as (

    select
        coalesce(stale_days.tenant_id, regrouped.tenant_id) as tenant_id,
        coalesce(stale_days.company_id, regrouped.company_id) as company_id,
        -- A score that differs may lengthen or shorten the episode of a day so long before. Neither engine's least() minds what is null.
        cast(least(stale_days.stale_from_on - {{ signal_days_to_reopen() }}, regrouped.opened_on) as date) as stale_from_on

    from stale_days
    full outer join regrouped
        on
            stale_days.tenant_id = regrouped.tenant_id
            and stale_days.company_id = regrouped.company_id

)

select * from final

{%- else -%}

-- depends_on: {{ ref('int_stale_days') }}
-- depends_on: {{ ref('int_card_inputs') }}
-- Every day is judged anew, so none is told apart.
select
    cast(null as text) as tenant_id,
    cast(null as text) as company_id,
    cast(null as date) as stale_from_on
where false

{%- endif %}
