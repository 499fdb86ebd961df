with facts as (

    select * from {{ ref('int_company_fact_history') }}

),

{% set every = ['mrr', 'renewal', 'last_login', 'onboarding_step', 'usage'] %}

-- Every day on which a fact came to be known, or ceased to be.
changes as (

    select tenant_id, company_id, valid_from_on as changed_on, fact, fact_number, fact_on from facts
    union all
    select gone.tenant_id, gone.company_id, gone.valid_to_on + 1, gone.fact, null, null
    from facts as gone
    left join facts as following
        on
            gone.tenant_id = following.tenant_id
            and gone.company_id = following.company_id
            and gone.fact = following.fact
            and gone.valid_to_on + 1 = following.valid_from_on
    where gone.valid_to_on < {{ last_day() }} and following.company_id is null

),

days as (

    select
        tenant_id,
        company_id,
        cast(changed_on as date) as changed_on
        {%- for fact in every %},
        max(case when fact = '{{ fact }}' then changed_on end) as {{ fact }}_changed_on,
        max(case when fact = '{{ fact }}' then {{ 'fact_on' if fact in ('renewal', 'last_login') else 'fact_number' }} end) as {{ fact }}
        {%- endfor %}

    from changes
    group by tenant_id, company_id, changed_on

),

-- On each of them a fact is as it stood when it last changed; joined by that day, so that many changes cost no more than their number.
standing as (

    select
        tenant_id,
        company_id,
        changed_on,
        lead(changed_on) over company_days as next_on
        {%- for fact in every %},
        cast(max({{ fact }}_changed_on) over (company_days rows between unbounded preceding and current row) as date) as {{ fact }}_since_on
        {%- endfor %}

    from days
    window company_days as (partition by tenant_id, company_id order by changed_on)

),

final as (

    select
        standing.tenant_id,
        standing.company_id,
        standing.changed_on as valid_from_on,
        cast(coalesce(standing.next_on - 1, {{ last_day() }}) as date) as valid_to_on,
        mrr_days.mrr as known_mrr,
        renewal_days.renewal as renewal_on,
        last_login_days.last_login as last_login_on,
        onboarding_step_days.onboarding_step,
        usage_days.usage as usage_30d

    from standing
    {%- for fact in every %}
    left join days as {{ fact }}_days
        on
            standing.tenant_id = {{ fact }}_days.tenant_id
            and standing.company_id = {{ fact }}_days.company_id
            and standing.{{ fact }}_since_on = {{ fact }}_days.changed_on
    {%- endfor %}

)

select * from final
