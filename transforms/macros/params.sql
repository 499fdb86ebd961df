{#
    A trigger's parameters as they are in force on each day that is scored, one row per tenant and day, for an equality join. Turned over before the
    days are spelt out, so it costs a row per tenant and day and not one per parameter. Without a trigger: every trigger's, one row more for each.
    `in_force` is a JSON object of the same values, written once a day and not once a score.
#}
{% macro params_by_day(names, trigger_type=none) -%}
    {%- set fields = [] -%}
    {%- for name in names -%}
        {%- do fields.append([name, json_number("spans." ~ name)]) -%}
    {%- endfor %}
    select
        spans.*,
        {{ json_object(fields) }} as in_force,
        days.day_on

    from (
        select
            tenant_id,
            {{ '' if trigger_type else 'trigger_type,' }}
            valid_from_on,
            valid_to_on,
            max(rule_version) as rule_version
            {%- for name in names %},
            max(case when param_name = '{{ name }}' then param_value end) as {{ name }}
            {%- endfor %}

        from {{ ref('int_trigger_params') }}
        {%- if trigger_type %}
        where trigger_type = '{{ trigger_type }}'
        {%- endif %}
        group by tenant_id, {{ '' if trigger_type else 'trigger_type,' }} valid_from_on, valid_to_on
    ) as spans
    inner join ({{ days_between(spine_start_on(), as_of_on()) }}) as days
        on days.day_on between spans.valid_from_on and spans.valid_to_on
{%- endmacro %}

{# Messages in the direction the tenant counts on that day: both, the customer's, or its own. #}
{% macro counted_direction(every, inbound) -%}
    case params.count_direction when 1 then {{ inbound }} when 2 then {{ every }} - {{ inbound }} else {{ every }} end
{%- endmacro %}
