with defaults as (

    select * from {{ ref('trigger_param_defaults') }}

),

triggers as (

    select distinct trigger_type from defaults

),

tenants as (

    select * from {{ ref('int_tenants') }}

),

-- Of the versions of one day the last one counts, for the whole of that day and for no day before it.
own_days as (

    select
        tenant_id,
        trigger_type,
        param_name,
        param_value,
        version,
        {{ in_force_on('valid_from_at') }} as valid_from_on,
        row_number() over (
            partition by tenant_id, trigger_type, param_name, {{ in_force_on('valid_from_at') }} order by version desc
        ) as day_rank

    from {{ ref('stg_app__trigger_params') }}
    where valid_from_at is null or valid_from_at <= {{ as_of_at() }}

),

preset_days as (

    select
        tenant_id,
        preset,
        version,
        {{ in_force_on('valid_from_at') }} as valid_from_on,
        row_number() over (
            partition by tenant_id, {{ in_force_on('valid_from_at') }} order by version desc
        ) as day_rank

    from {{ ref('stg_app__trigger_presets') }}
    where valid_from_at is null or valid_from_at <= {{ as_of_at() }}

),

own as (

    select * from own_days
    where day_rank = 1

),

presets as (

    select * from preset_days
    where day_rank = 1

),

-- The days on which anything of a trigger changes for a tenant; before the first change the defaults hold.
changes as (

    select tenants.tenant_id, triggers.trigger_type, {{ first_day() }} as valid_from_on
    from tenants
    cross join triggers
    union
    select tenant_id, trigger_type, valid_from_on from own
    union
    select presets.tenant_id, triggers.trigger_type, presets.valid_from_on
    from presets
    cross join triggers

),

spans as (

    select
        *,
        coalesce(
            lead(valid_from_on) over (partition by tenant_id, trigger_type order by valid_from_on) - 1, {{ last_day() }}
        ) as valid_to_on

    from changes

),

own_spans as (

    select
        *,
        coalesce(
            lead(valid_from_on) over (partition by tenant_id, trigger_type, param_name order by valid_from_on) - 1, {{ last_day() }}
        ) as valid_to_on

    from own

),

preset_spans as (

    select
        *,
        coalesce(lead(valid_from_on) over (partition by tenant_id order by valid_from_on) - 1, {{ last_day() }}) as valid_to_on

    from presets

),

final as (

    select
        spans.tenant_id,
        spans.trigger_type,
        defaults.name as param_name,
        cast(spans.valid_from_on as date) as valid_from_on,
        cast(spans.valid_to_on as date) as valid_to_on,
        coalesce(
            own_spans.param_value,
            case when preset_spans.preset = 'quiet' then defaults.quiet_value else defaults.value end
        ) as param_value,
        case
            when own_spans.param_value is not null then 'own'
            when preset_spans.preset = 'quiet' then 'quiet'
            else 'balanced'
        end as origin,
        defaults.version as default_version,
        coalesce(own_spans.version, 0) as override_version,
        coalesce(preset_spans.version, 0) as preset_version,
        -- The version of the defaults, and how many changes this tenant had made to the trigger by then.
        cast(max(defaults.version) over trigger_span as text)
        || '.' || cast(
            cast(
                sum(coalesce(own_spans.version, 0)) over trigger_span
                + max(coalesce(preset_spans.version, 0)) over trigger_span as bigint
            ) as text
        ) as rule_version

    from spans
    inner join defaults
        on spans.trigger_type = defaults.trigger_type
    left join own_spans
        on
            spans.tenant_id = own_spans.tenant_id
            and spans.trigger_type = own_spans.trigger_type
            and defaults.name = own_spans.param_name
            and spans.valid_from_on between own_spans.valid_from_on and own_spans.valid_to_on
    left join preset_spans
        on
            spans.tenant_id = preset_spans.tenant_id
            and spans.valid_from_on between preset_spans.valid_from_on and preset_spans.valid_to_on
    window trigger_span as (partition by spans.tenant_id, spans.trigger_type, spans.valid_from_on)

)

select * from final
