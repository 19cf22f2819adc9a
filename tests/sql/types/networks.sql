-- Addresses with masks.
select '10.1.2.3/8'::inet, '10.1'::cidr, '::ffff:1.2.3.4'::inet, '2001:db8::/32'::cidr, '1:0:0:2:0:0:0:3'::inet;
select '10.1.2.3/8'::cidr;
select '10.1'::inet;
select host(i), masklen(i), network(i), netmask(i), hostmask(i), broadcast(i), family(i), abbrev(network(i)), set_masklen(i, 20)
from (values ('192.168.1.5/24'::inet), ('2001:db8::1/64')) v(i);
select '10.0.0.1'::inet << '10.0.0.0/8', '10.0.0.0/8'::inet >>= '10.0.0.0/8', '10.0.0.0/8'::inet && '10.1.0.0/16';
select '10.0.0.1'::inet + 300, '10.0.0.5'::inet - '10.0.0.1', ~'10.0.0.1'::inet, '10.0.0.255'::inet & '255.255.255.0', inet_merge('10.1.2.3', '10.1.4.5');
select '255.255.255.255'::inet + 1;
create table n (i inet primary key);
insert into n values ('10.0.0.2'), ('10.0.0.0/8'), ('9.255.0.0/16'), ('10.0.0.0/9'), ('::1'), ('10.0.0.2/8');
select i from n order by i;
select i from n where i < '10.0.0.0/9' order by i desc;
drop table n;
-- MAC addresses.
select '08-00-2b-01-02-03'::macaddr, '0800.2b01.0203'::macaddr, '08002b010203'::macaddr, trunc('08:00:2b:01:02:03'::macaddr), '08:00:2b:01:02:03'::macaddr::macaddr8;
select '08:00:2b:01:02:03:04:05'::macaddr8, macaddr8_set7bit('00:34:56:ab:cd:ef'), '08:00:2b:01:02:03:04:05'::macaddr8::macaddr;
select '08:00:2b'::macaddr;
