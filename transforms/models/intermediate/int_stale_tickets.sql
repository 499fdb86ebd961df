{% if is_continued() -%}

with inputs as (

    select
        tenant_id,
        ticket_id,
        {{ is_changed() }} as is_changed

    from {{ ref('int_ticket_inputs') }}

),

tenants as (

    select tenant_id
    from inputs
    where ticket_id = '' and is_changed

),

final as (

    select
        inputs.tenant_id,
        inputs.ticket_id

    from inputs
    left join tenants
        on inputs.tenant_id = tenants.tenant_id
    where
        inputs.ticket_id <> ''
        and (inputs.is_changed or tenants.tenant_id is not null)

)

select * from final

{%- else -%}

-- depends_on: {{ ref('int_ticket_inputs') }}
-- Every ticket is built anew, so none is told apart.
select
    cast(null as text) as tenant_id,
    cast(null as text) as ticket_id
where false

{%- endif %}
