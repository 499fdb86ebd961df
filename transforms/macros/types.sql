{#
    A timestamp with zone as UTC without zone, so that no arithmetic and no date depends on a session's time zone. On DuckDB by the microseconds since
    1970, since `at time zone` asks the calendar of ICU about each row, which takes twenty times as long.
#}
{% macro utc(column) -%}
    {{ adapter.dispatch('utc', 'churnboard')(column) }}
{%- endmacro %}

{% macro default__utc(column) -%}
    cast({{ column }} as timestamp with time zone) at time zone 'UTC'
{%- endmacro %}

{% macro duckdb__utc(column) -%}
    make_timestamp(epoch_us(cast({{ column }} as timestamp with time zone)))
{%- endmacro %}

{# The way back, for columns readers see. #}
{% macro with_zone(column) -%}
    {{ adapter.dispatch('with_zone', 'churnboard')(column) }}
{%- endmacro %}

{% macro default__with_zone(column) -%}
    {{ column }} at time zone 'UTC'
{%- endmacro %}

{% macro duckdb__with_zone(column) -%}
    make_timestamptz(epoch_us({{ column }}))
{%- endmacro %}

{# Whether text matches a POSIX regular expression: DuckDB has a function for it, Postgres the ~ operator. Keep to what both know: [0-9], not \d. #}
{% macro regex_matches(text, pattern) -%}
    {{ adapter.dispatch('regex_matches', 'churnboard')(text, pattern) }}
{%- endmacro %}

{% macro default__regex_matches(text, pattern) -%}
    ({{ text }} ~ '{{ pattern }}')
{%- endmacro %}

{% macro duckdb__regex_matches(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}

{#
    Text a person typed into a CRM as a number, or null. The pattern decides, not a try_cast: Postgres has none, and both engines must call the
    same text a number. Fifteen digits and a two-digit exponent always fit a double.
#}
{% macro text_to_number(text) -%}
    case
        when {{ regex_matches(text, '^[-+]?[0-9]{1,15}([.][0-9]{0,12})?([eE][-+]?[0-9]{1,2})?$') }}
            then cast({{ text }} as double precision)
    end
{%- endmacro %}

{#
    A CRM date as a date, or null: a day, an ISO timestamp, or milliseconds since 1970, the three forms HubSpot sends. The day is counted
    from the first of its month because a cast of 31 February is an error on Postgres; a day outside its month is null.
#}
{% macro text_to_date(text) -%}
    {%- set counted_day -%}
        cast(
            make_date(cast(substr({{ text }}, 1, 4) as integer), cast(substr({{ text }}, 6, 2) as integer), 1)
            + (cast(substr({{ text }}, 9, 2) as integer) - 1) as date
        )
    {%- endset -%}
    case
        when {{ regex_matches(text, '^-?[0-9]{10,13}$') }}
            then cast('1970-01-01' as date) + cast(floor(cast({{ text }} as bigint) / 86400000.0) as integer)
        when {{ regex_matches(text, '^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([T ]|$)') }}
            -- Nested, not joined by `and`: neither engine promises to look at the pattern first.
            then case
                when extract(month from {{ counted_day }}) = cast(substr({{ text }}, 6, 2) as integer)
                    then {{ counted_day }}
            end
    end
{%- endmacro %}

{#
    A score or amount as a fixed-point number. Sums of doubles depend on the order rows arrive in; sums of these do not, so a rebuild is
    equal to the last byte. Twelve digits first: Postgres reads 1.005 off a double, DuckDB 1.00499999999999989, and a half must round the same way on both.
#}
{% macro exact(expression, digits=6) -%}
    cast(cast({{ expression }} as decimal(38, 12)) as decimal(28, {{ digits }}))
{%- endmacro %}

{# The same rounded to a double, the type readers get. #}
{% macro rounded(expression, digits=6) -%}
    cast({{ exact(expression, digits) }} as double precision)
{%- endmacro %}

{# A currency as its ISO 4217 code is written, or null. #}
{% macro currency_code(text) -%}
    nullif(upper(trim({{ text }})), '')
{%- endmacro %}

{# A CRM amount as monthly money; a negative or absurd amount is a typing error, not money. #}
{% macro monthly_amount(number, unit) -%}
    case
        when {{ number }} >= 0 and {{ number }} < 1e12
            then {{ rounded("(" ~ number ~ ") / case when " ~ unit ~ " = 'year' then 12 else 1 end", 2) }}
    end
{%- endmacro %}
