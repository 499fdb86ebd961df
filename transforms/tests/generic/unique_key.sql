{# Rows that share a key, or lack a part of it. One test for both, because a key with a hole in it is no key. #}
{% test unique_key(model, columns, nullable=[]) %}
    {%- set key = columns | join(', ') %}

    select {{ key }}, count(*) as row_count
    from {{ model }}
    group by {{ key }}
    having
        count(*) > 1
        {%- for column in columns if column not in nullable %}
        or {{ column }} is null
        {%- endfor %}

{% endtest %}
