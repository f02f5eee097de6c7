var t={};export{t as widgets};
