with defaults as (

    select * from {{ ref('trigger_param_defaults') }}

),

tenants as (

    select * from {{ ref('int_tenants') }}

),

overrides as (

    select * from {{ ref('stg_app__trigger_params') }}
    where
        param_value is not null
        and (valid_from_at is null or valid_from_at <= {{ as_of_at() }})

),

final as (

    select
        tenants.tenant_id,
        defaults.trigger_type,
        defaults.name as param_name,
        coalesce(overrides.param_value, defaults.value) as param_value,
        defaults.version as default_version,
        coalesce(overrides.version, 0) as override_version

    from tenants
    cross join defaults
    left join overrides
        on
            tenants.tenant_id = overrides.tenant_id
            and defaults.trigger_type = overrides.trigger_type
            and defaults.name = overrides.param_name

)

select * from final
