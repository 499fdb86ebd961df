{# Days below the closing threshold, so many in a row, put a signal out. #}
{% macro signal_days_to_close() -%}
    3
{%- endmacro %}

{# A signal that returns within so many days of its last day is the same story. #}
{% macro signal_days_to_reopen() -%}
    14
{%- endmacro %}

{# For so many days after a card was called a false alarm its company and trigger raise no other, unless it gets worse. #}
{% macro false_alarm_days() -%}
    30
{%- endmacro %}

{# An outcome is held against the card for so long; what happens later has other reasons. #}
{% macro outcome_days() -%}
    90
{%- endmacro %}

{# The actor of what the pipeline itself does to cards (core.cards.MACHINE). #}
{% macro machine() -%}
    'churnboard'
{%- endmacro %}

{# The side of a card an event says something about; of each side the last word counts (core.cards.folded). #}
{% macro side_of_event(event_type) -%}
    case {{ event_type }}
        when 'assigned' then 'assignee'
        when 'severity_overridden' then 'severity'
        when 'commented' then 'comment'
        else 'status'
    end
{%- endmacro %}

{#
    A moment `hours` (at most 8) working hours later: Monday to Friday, 9 to 17 UTC. What starts outside of them starts when they next do;
    what would end after 17 goes on the next morning. DuckDB and Postgres both count isodow from Monday = 1.
#}
{% macro working_hours_after(at, hours) -%}
    {%- set day_on -%}cast({{ at }} as date){%- endset -%}
    {%- set is_over -%}(extract(isodow from {{ at }}) > 5 or {{ at }} - cast({{ day_on }} as timestamp) >= interval '17 hours'){%- endset -%}
    {%- set next_on -%}
        ({{ day_on }} + case when extract(isodow from {{ at }}) >= 5 then 8 - cast(extract(isodow from {{ at }}) as integer) else 1 end)
    {%- endset -%}
    case
        when {{ is_over }} then cast({{ next_on }} as timestamp) + interval '{{ 9 + hours }} hours'
        when {{ at }} - cast({{ day_on }} as timestamp) <= interval '{{ 17 - hours }} hours'
            then greatest({{ at }}, cast({{ day_on }} as timestamp) + interval '9 hours') + interval '{{ hours }} hours'
        else cast({{ next_on }} as timestamp) + interval '9 hours'
            + ({{ at }} - (cast({{ day_on }} as timestamp) + interval '{{ 17 - hours }} hours'))
    end
{%- endmacro %}

{# By when a person should have looked at a card that came up at a moment: four working hours, one day, three days, the next weekly digest. #}
{% macro touch_due(at, severity) -%}
    case {{ severity }}
        when 'critical' then {{ working_hours_after(at, 4) }}
        when 'high' then {{ at }} + interval '1 day'
        when 'medium' then {{ at }} + interval '3 days'
        -- The digest goes out on Mondays at nine.
        else cast(cast({{ at }} as date) + (8 - cast(extract(isodow from {{ at }}) as integer)) as timestamp) + interval '9 hours'
    end
{%- endmacro %}
