{# Each day of a span, one row a day; an expression of a select list. #}
{% macro each_day(from_on, until_on) -%}
    {{ adapter.dispatch('each_day', 'churnboard')(from_on, until_on) }}
{%- endmacro %}

{% macro default__each_day(from_on, until_on) -%}
    cast(generate_series(cast({{ from_on }} as timestamp), cast({{ until_on }} as timestamp), interval '1 day') as date)
{%- endmacro %}

{# DuckDB's generate_series in a select list is a list, which unnest makes rows of. #}
{% macro duckdb__each_day(from_on, until_on) -%}
    cast(unnest(generate_series(cast({{ from_on }} as timestamp), cast({{ until_on }} as timestamp), interval '1 day')) as date)
{%- endmacro %}

{# A fact of a company as a part of a sentence, in words a customer can check. `value`, `text` and the rest are columns. #}
{% macro fact_in_words(fact, number_value, text_value, within_days, topic) -%}
    {%- set in_window = "' in ' || " ~ counted(within_days, 'day') -%}
    case {{ fact }}
        when 'ticket_count' then {{ counted(number_value, 'ticket') }} || {{ in_window }}
        when 'topic_ticket_count' then {{ counted(number_value, 'ticket') }} || ' on ' || {{ topic }} || {{ in_window }}
        when 'negative_count' then {{ counted(number_value, 'unhappy ticket') }} || {{ in_window }}
        when 'inbound_count' then {{ counted(number_value, 'message') }} || ' from them' || {{ in_window }}
        when 'message_count' then {{ counted(number_value, 'message') }} || ' both ways' || {{ in_window }}
        when 'open_ticket_count' then {{ counted(number_value, 'open ticket') }}
        when 'days_since_inbound' then 'last word from them ' || {{ counted(number_value, 'day') }} || ' ago'
        when 'company_age_days' then 'in HubSpot for ' || {{ counted(number_value, 'day') }}
        when 'last_login_age_days' then 'last login ' || {{ counted(number_value, 'day') }} || ' ago'
        when 'renewal_in_days'
            then case
                when {{ number_value }} >= 0 then 'renewal in ' || {{ counted(number_value, 'day') }}
                else 'renewal ' || {{ counted('-' ~ number_value, 'day') }} || ' ago'
            end
        when 'mrr' then 'MRR ' || {{ plain_number(number_value, 2) }}
        when 'usage_30d' then 'usage ' || {{ plain_number(number_value) }} || ' in 30 days'
        when 'onboarding_step' then 'onboarding at step ' || {{ plain_number(number_value) }}
        when 'lifecycle_stage' then 'lifecycle stage ' || {{ text_value }}
    end
{%- endmacro %}
