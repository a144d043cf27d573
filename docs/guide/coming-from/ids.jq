# Prints a line of CSV for each old user: the old id, and the id of the account here, empty if there is none.
($new | INDEX(.email)) as $accounts
| $old[]
| [.old_id, $accounts[.email // ""].id]
| @csv
