{# Every day between two dates, both ends included, as a table `days(day_on)`. #}
{% macro days_between(first_on, last_on) -%}
    select cast(day_at as date) as day_on
    from generate_series(cast({{ first_on }} as timestamp), cast({{ last_on }} as timestamp), interval '1 day') as days (day_at)
{%- endmacro %}

{#
    The n-th business day (Monday to Friday) after a date. A date on a weekend counts from the Friday before it; five business days are a
    calendar week, so every started group of them costs two more days.
#}
{% macro business_days_after(date_on, n) -%}
    cast(
        {{ date_on }}
        - cast(greatest(extract(isodow from {{ date_on }}) - 5, 0) as integer)
        + cast({{ n }} as integer)
        + 2 * cast(floor((least(extract(isodow from {{ date_on }}), 5) - 1 + {{ n }}) / 5.0) as integer)
        as date
    )
{%- endmacro %}

{# Whole seconds from one timestamp to a later one; 0 where it is not later, null where either is. #}
{% macro seconds_between(from_at, to_at) -%}
    case when {{ from_at }} is not null then cast(floor(greatest(extract(epoch from {{ to_at }} - {{ from_at }}), 0)) as bigint) end
{%- endmacro %}

{# The first and the last day there is: the ends of what always held, and of what still holds. #}
{% macro first_day() -%}
    cast('1900-01-01' as date)
{%- endmacro %}

{% macro last_day() -%}
    cast('9999-12-31' as date)
{%- endmacro %}

{# The day from which on what somebody set at a moment holds: all of that day, for a day is judged at its end. Nobody knows when: always. #}
{% macro in_force_on(valid_from_at) -%}
    coalesce(cast({{ valid_from_at }} as date), {{ first_day() }})
{%- endmacro %}

{# The Monday of a date's ISO week. #}
{% macro week_of(date_on) -%}
    ({{ date_on }} - (cast(extract(isodow from {{ date_on }}) as integer) - 1))
{%- endmacro %}

{# A date's month as `2026-11`, its quarter as `2026-Q4`: text that sorts, and has room for `all` beside it. #}
{% macro month_name(date_on) -%}
    {{ whole_number("extract(year from " ~ date_on ~ ")") }} || '-' || lpad({{ whole_number("extract(month from " ~ date_on ~ ")") }}, 2, '0')
{%- endmacro %}

{% macro quarter_name(date_on) -%}
    {{ whole_number("extract(year from " ~ date_on ~ ")") }} || '-Q' || {{ whole_number("extract(quarter from " ~ date_on ~ ")") }}
{%- endmacro %}

{# What an event adds to a window's count `turn` days after it: the window counts it from `enters` days after it on, until `leaves` days after it. #}
{% macro within_window(count, turn, enters, leaves) -%}
    case {{ turn }} when {{ enters }} then {{ count }} when {{ leaves }} then -{{ count }} else 0 end
{%- endmacro %}
