{# The one "now". A literal, so that every model of a run means the same instant and the planner sees a constant. #}
{% macro as_of_datetime() %}
    {%- if var('as_of') -%}
        {%- set moment = modules.datetime.datetime.fromisoformat(var('as_of') | replace('Z', '+00:00')) -%}
        {%- if moment.tzinfo -%}
            {%- set moment = moment.astimezone(modules.pytz.utc) -%}
        {%- endif -%}
    {%- else -%}
        {%- set moment = run_started_at -%}
    {%- endif -%}
    {{ return(moment) }}
{% endmacro %}

{# As a UTC timestamp without zone, the form all arithmetic between staging and marts is done in. #}
{% macro as_of_at() -%}
    cast('{{ as_of_datetime().strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp)
{%- endmacro %}

{# The UTC day as_of falls on: the last day that is scored. #}
{% macro as_of_on() -%}
    cast('{{ as_of_datetime().strftime("%Y-%m-%d") }}' as date)
{%- endmacro %}

{#
    The first day signals are followed from: New Year at least `spine_days` ago. A day that moves once a year, not every day, because a
    signal that is already on there takes it as its opening day, and with it its card id. A replay of past days says itself where it begins
    (`spine_start_on`); its ids lead nowhere.
#}
{% macro spine_start_on() -%}
    {%- if var('spine_start_on') -%}
    cast('{{ var('spine_start_on') }}' as date)
    {%- else -%}
    cast('{{ (as_of_datetime() - modules.datetime.timedelta(days=var("spine_days") | int)).strftime("%Y") }}-01-01' as date)
    {%- endif -%}
{%- endmacro %}

{# Longest look-back of any rolling figure on that first day (30 quiet days and the 90 before), so rolling sums need rows from here. #}
{% macro spine_lead_in_start_on() -%}
    ({{ spine_start_on() }} - 120)
{%- endmacro %}

{# The first day of the window the board and the daily marts show. #}
{% macro history_start_on() -%}
    ({{ as_of_on() }} - {{ (var("history_days") | int) - 1 }})
{%- endmacro %}

{# The first day of which single tickets are listed. #}
{% macro tickets_start_on() -%}
    ({{ as_of_on() }} - {{ (var("ticket_days") | int) - 1 }})
{%- endmacro %}

{# The first day of which tickets can be opened: as far back as any series of the dashboard reaches. #}
{% macro readings_start_on() -%}
    ({{ as_of_on() }} - 399)
{%- endmacro %}

{# For how long what was read of a stream is taken for all there is. #}
{% macro fresh_interval() -%}
    interval '{{ var("fresh_hours") | int }} hours'
{%- endmacro %}

{# The last day of which everything was heard, where everything was heard until a moment. #}
{% macro last_heard_on(trusted_until_at) -%}
    case
        when {{ trusted_until_at }} >= {{ as_of_at() }} then {{ as_of_on() }}
        else cast(cast({{ trusted_until_at }} as date) - 1 as date)
    end
{%- endmacro %}
